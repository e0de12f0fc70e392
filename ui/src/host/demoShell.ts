/** A small make-believe shell for the page without its backend: enough to type at, look at and take pictures of. */

export interface DemoShellEvents {
  output(text: string): void;
  /** Whether more output than is asked for may be sent now. */
  ready(): boolean;
  notice(message: string): void;
  exited(code: number): void;
  /** The service ends the session by itself. */
  ended(): void;
  /** Something comes between the person and the node. */
  hindered(how: Hindrance): void;
}

/** The connection is lost, is lost without credentials to get it back, or the node does not answer. */
export type Hindrance = "cut" | "expire" | "quiet";

const encoderPrompt = "\x1b[1;32mssm-user@demo\x1b[0m:\x1b[1;34m~\x1b[0m$ ";

export class DemoShell {
  #line = "";
  #raw = false;
  #flood: ReturnType<typeof setInterval> | null = null;
  readonly #decoder = new TextDecoder();

  constructor(
    private readonly events: DemoShellEvents,
    private size: { cols: number; rows: number },
  ) {}

  start(): void {
    this.events.output("\x1b]0;ssm-user@demo: ~\x07");
    this.events.output(
      "Welcome to the \x1b[1mpage's own demonstration\x1b[0m. Type \x1b[36mhelp\x1b[0m.\r\n\r\n",
    );
    this.events.output(encoderPrompt);
  }

  resize(size: { cols: number; rows: number }): void {
    this.size = size;
  }

  input(bytes: Uint8Array): void {
    if (this.#raw) {
      const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
      this.events.output(`${hex} `);
      if (bytes.includes(0x71)) {
        this.#raw = false;
        this.events.output(`\r\n${encoderPrompt}`);
      }
      return;
    }
    const text = this.#decoder
      .decode(bytes, { stream: true })
      .replaceAll("\x1b[200~", "")
      .replaceAll("\x1b[201~", "");
    for (const character of text) this.#key(character);
  }

  stop(): void {
    if (this.#flood !== null) clearInterval(this.#flood);
    this.#flood = null;
  }

  #key(character: string): void {
    switch (character) {
      case "\r": {
        this.events.output("\r\n");
        const line = this.#line.trim();
        this.#line = "";
        this.#run(line);
        return;
      }
      case "\x03":
        this.stop();
        this.#line = "";
        this.events.output(`^C\r\n${encoderPrompt}`);
        return;
      case "\x04":
        if (this.#line === "") this.#run("exit");
        return;
      case "\x7f":
        if (this.#line === "") return;
        this.#line = Array.from(this.#line).slice(0, -1).join("");
        this.events.output("\b \b");
        return;
      default:
        if (character < " ") return;
        this.#line += character;
        this.events.output(character);
    }
  }

  #run(line: string): void {
    const [command = "", ...words] = line.split(/\s+/);
    const rest = words.join(" ");
    const print = (text: string) => this.events.output(`${text.replaceAll("\n", "\r\n")}\r\n`);
    switch (command) {
      case "":
        break;
      case "help":
        print("echo WORDS   colours   wide   ls   lines N   title WORDS   bell   notice   paste on|off");
        print(
          "raw (shows bytes, q ends)   flood   link   stty size   cut   expire   quiet   drop   exit [CODE]",
        );
        break;
      case "echo":
        print(
          rest.replace(/^\$\(\((\d+)\*(\d+)\)\)$/, (_all, one, two) => String(Number(one) * Number(two))),
        );
        break;
      case "stty":
        print(`${this.size.rows} ${this.size.cols}`);
        break;
      case "ls":
        print(
          "\x1b[1;34mbin\x1b[0m  \x1b[1;34mreleases\x1b[0m  \x1b[1;32mdeploy.sh\x1b[0m  notes.md  \x1b[1;36mcurrent\x1b[0m",
        );
        break;
      case "colours":
        print(colours());
        break;
      case "wide":
        print("plain \x1b[31mred\x1b[0m 漢字かな 한글 😀🎉 ─┼─ █▓▒░ é ñ ß → ✓");
        break;
      case "lines":
        for (let number = 1; number <= Math.min(Number(rest) || 10, 100_000); number += 1)
          print(`line ${number}`);
        break;
      case "title":
        this.events.output(`\x1b]2;${rest}\x07`);
        break;
      case "bell":
        setTimeout(() => this.events.output("\x07rang\r\n"), 300);
        break;
      case "notice":
        this.events.notice("The node says: maintenance begins at 22:00.");
        break;
      case "paste":
        this.events.output(rest === "off" ? "\x1b[?2004l" : "\x1b[?2004h");
        break;
      case "raw":
        this.#raw = true;
        return;
      case "link":
        print(
          "https://docs.aws.amazon.com/systems-manager/ and \x1b]8;;https://evil.example/\x07https://bank.example/\x1b]8;;\x07",
        );
        break;
      case "emit":
        this.events.output(atob(rest));
        break;
      case "freeze":
        print("x\x1b[2147483647b\x1b[2147483647Lstill here");
        break;
      case "flood":
        this.#flood = setInterval(() => {
          if (this.events.ready()) this.events.output("y\r\n".repeat(2000));
        }, 4);
        return;
      case "drop":
        this.events.ended();
        return;
      case "cut":
      case "expire":
      case "quiet":
        this.events.hindered(command);
        break;
      case "exit":
        this.events.output("exit\r\n");
        this.events.exited(Number(rest) || 0);
        return;
      default:
        print(`-sh: ${command}: not found`);
    }
    this.events.output(encoderPrompt);
  }
}

function colours(): string {
  const row = (from: number) =>
    Array.from(
      { length: 8 },
      (_, index) => `\x1b[${from + index}m ${String(from + index).padStart(3)} \x1b[0m`,
    ).join("");
  const ramp = Array.from({ length: 48 }, (_, index) => {
    const hue = (index / 48) * 2 * Math.PI;
    const part = (shift: number) => Math.round(127 + 127 * Math.sin(hue + shift));
    return `\x1b[48;2;${part(0)};${part(2)};${part(4)}m \x1b[0m`;
  }).join("");
  return [row(30), row(90), row(40), row(100), ramp].join("\n");
}

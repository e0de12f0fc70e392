/** Profiles from other tools, and files for others. */
import type { ImportFrom } from "../generated/ImportFrom";
import type { ImportPlace } from "../generated/ImportPlace";
import type { ImportPreview } from "../generated/ImportPreview";
import type { ImportSource } from "../generated/ImportSource";
import { strings } from "../strings";
import type { Desk } from "./desk";

export class ImportControl {
  constructor(private readonly desk: Desk) {}

  show(): void {
    this.desk.set({ dialog: { kind: "import" } });
  }

  places(): Promise<readonly ImportPlace[]> {
    return this.desk.host.importPlaces();
  }

  preview(source: ImportSource, from: ImportFrom): Promise<ImportPreview | null> {
    return this.desk.host.previewImport(source, from);
  }

  /** Adds what was chosen and closes the dialog. Rejects with the host's error, which the dialog shows. */
  async run(preview: ImportPreview, items: readonly number[], folder: string): Promise<void> {
    const count = await this.desk.host.runImport(preview.id, items, folder);
    this.desk.closeDialog();
    await this.#reload();
    this.desk.toast("plain", strings.import.added(count), {
      action: { label: strings.import.undo, run: () => void this.#undo() },
    });
  }

  /** Writes all own profiles to a file that the person chooses. */
  async export(): Promise<void> {
    try {
      const exported = await this.desk.host.exportProfiles([]);
      if (exported) this.desk.toast("plain", strings.desktop.exported(exported.count, exported.file));
    } catch (reason) {
      this.desk.showError(reason);
    }
  }

  async #undo(): Promise<void> {
    try {
      await this.desk.host.undoImport();
      this.desk.toast("plain", strings.import.undone);
    } catch (reason) {
      this.desk.showError(reason);
    }
    await this.#reload();
  }

  async #reload(): Promise<void> {
    try {
      const { profiles } = await this.desk.host.listProfiles();
      this.desk.set({ profiles: { kind: "ready", list: profiles } });
    } catch (reason) {
      this.desk.showError(reason);
    }
  }
}

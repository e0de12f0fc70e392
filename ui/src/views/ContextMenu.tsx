import { type ReactNode, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { Menu, MenuItem, Popover, Separator } from "react-aria-components";

export interface MenuEntry {
  readonly id: string;
  readonly label: string;
  readonly chord?: string;
  readonly testId?: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** A line above it. */
  readonly apart?: boolean;
  readonly run: () => void;
}

export function MenuEntries({
  label,
  entries,
  onClose,
}: {
  readonly label: string;
  readonly entries: readonly MenuEntry[];
  /** Needed outside of a `MenuTrigger`, which closes its menu by itself. */
  readonly onClose?: () => void;
}) {
  return (
    <Menu
      aria-label={label}
      className="menu"
      disabledKeys={entries.filter(({ disabled }) => disabled).map(({ id }) => id)}
      onAction={(key) => entries.find(({ id }) => id === key)?.run()}
      {...(onClose ? { onClose } : {})}
    >
      {entries.flatMap((entry) => [
        ...(entry.apart ? [<Separator className="menu-separator" key={`before-${entry.id}`} />] : []),
        <MenuItem
          className={entry.danger ? "menu-item danger" : "menu-item"}
          data-testid={entry.testId}
          id={entry.id}
          key={entry.id}
          textValue={entry.label}
        >
          <span>{entry.label}</span>
          {entry.chord ? <kbd>{entry.chord}</kbd> : null}
        </MenuItem>,
      ])}
    </Menu>
  );
}

interface Place {
  readonly x: number;
  readonly y: number;
}

/** A menu at the pointer. Gives what to call on `contextmenu`, and what to put on the page. */
export function useContextMenu(
  label: string,
  entries: () => readonly MenuEntry[],
): { open: (event: { clientX: number; clientY: number; preventDefault(): void }) => void; menu: ReactNode } {
  const [place, setPlace] = useState<Place | null>(null);
  const anchor = useRef<HTMLSpanElement>(null);
  return {
    open: (event) => {
      event.preventDefault();
      setPlace({ x: event.clientX, y: event.clientY });
    },
    menu: place ? (
      <>
        {/* Outside of everything: what is fixed inside a part that moves is placed from that part's corner. */}
        {createPortal(
          <span className="menu-anchor" ref={anchor} style={{ left: place.x, top: place.y }} />,
          document.body,
        )}
        <Popover
          aria-label={label}
          className="popover"
          isOpen
          offset={2}
          onOpenChange={(open) => {
            if (!open) setPlace(null);
          }}
          placement="bottom start"
          triggerRef={anchor}
        >
          <MenuEntries entries={entries()} label={label} onClose={() => setPlace(null)} />
        </Popover>
      </>
    ) : null,
  };
}

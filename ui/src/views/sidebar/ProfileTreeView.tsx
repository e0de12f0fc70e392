import { ArrowDownUp, Search, X } from "lucide-react";
import {
  type KeyboardEvent as ReactKeyboardEvent,
  useDeferredValue,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import {
  Button,
  Input,
  type Key,
  ListLayout,
  MenuTrigger,
  Popover,
  SearchField,
  type Selection,
  Tree,
  useDragAndDrop,
  Virtualizer,
} from "react-aria-components";

import { loadTreeSettings, saveTreeSettings } from "../../control/treeSettings";
import type { Profile } from "../../generated/Profile";
import { wordsOf } from "../../model/profiles";
import {
  byKey,
  folderKey,
  found,
  isExpanded,
  itemsOf,
  joined,
  nameOf,
  placeOf,
  type TreeNode,
  treeOf,
} from "../../model/profileTree";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { MenuEntries, useContextMenu } from "../ContextMenu";
import { useApp, useController } from "../context";
import { nameOfNode, type RowContext, TreeRow } from "./ProfileRow";
import { RenameField } from "./RenameField";
import { optionEntries, treeEntries } from "./treeMenu";

const text = strings.tree;

/** What the drags of this tree carry; nothing of it means anything elsewhere. */
const DRAG_TYPE = "application/x-sessiondeck-profiles";

export function ProfileTreeView({ profiles }: { readonly profiles: readonly Profile[] }) {
  const controller = useController();
  const tree = useApp((state) => state.profileTree);
  const mac = controller.mac;
  const [entered, setTyped] = useState("");
  // What is typed shows at once; what it finds may come a moment later.
  const typed = useDeferredValue(entered);
  const [settings, setSettings] = useState(loadTreeSettings);
  const [selected, setSelected] = useState<ReadonlySet<string>>(() => new Set());
  const [renaming, setRenaming] = useState<string | null>(null);
  const [menuNode, setMenuNode] = useState<TreeNode | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const dragged = useRef<readonly TreeNode[]>([]);

  useEffect(() => saveTreeSettings(settings), [settings]);

  const searching = typed.trim() !== "";
  const { sort, expansion } = settings;
  const search = useMemo(() => (searching ? found(profiles, typed) : null), [profiles, typed, searching]);
  const nodes = useMemo(
    () => search?.nodes ?? treeOf(profiles, tree, sort, expansion),
    [search, profiles, tree, sort, expansion],
  );
  const all = useMemo(() => byKey(nodes), [nodes]);
  const words = useMemo(() => wordsOf(typed), [typed]);
  const expandedKeys = useMemo(
    () =>
      new Set<Key>(
        [...all.values()]
          .filter(({ kind, key }) => kind !== "profile" && isExpanded(expansion, key, profiles.length))
          .map(({ key }) => key),
      ),
    [all, expansion, profiles.length],
  );

  const expand = (keys: Readonly<Record<string, boolean>>) =>
    setSettings((current) => ({ ...current, expansion: { ...current.expansion, ...keys } }));

  /** What an action on `node` is about: all that is selected where it is among that, else itself. */
  const meant = (node: TreeNode): readonly TreeNode[] => {
    if (!selected.has(node.key)) return [node];
    const chosen = [...all.values()].filter(({ key }) => selected.has(key));
    return chosen.length > 1 ? chosen : [node];
  };

  const newFolder = async (parent: string) => {
    const taken = new Set(tree.folders.map(({ path }) => path));
    let path = joined(parent, text.newFolderName);
    for (let number = 2; taken.has(path); number += 1)
      path = joined(parent, `${text.newFolderName} ${number}`);
    if (!(await controller.profiles.createFolder(path))) return;
    if (parent !== "") expand({ [folderKey(parent)]: true });
    setTyped("");
    setRenaming(folderKey(path));
  };

  const menuOf = (node: TreeNode) => {
    const about = meant(node);
    return {
      label: about.length > 1 ? text.severalMenu(about.length) : labelOf(node),
      entries: treeEntries({
        node,
        about,
        profiles,
        controller,
        rename: () => setRenaming(node.key),
        newFolder: (parent) => void newFolder(parent),
      }),
    };
  };
  const { open: openMenu, menu } = useContextMenu(menuNode ? menuOf(menuNode).label : "", () =>
    menuNode ? menuOf(menuNode).entries : [],
  );

  const act = (key: string) => {
    const node = all.get(key);
    if (!node) return;
    if (node.kind === "profile") controller.tabs.open(node.profile);
    else expand({ [key]: !isExpanded(expansion, key, profiles.length) });
  };

  const { dragAndDropHooks } = useDragAndDrop<TreeNode>({
    isDisabled: searching,
    getItems: (keys) => {
      const node = all.get(String([...keys][0]));
      return [...keys].map((key) => ({
        [DRAG_TYPE]: String(key),
        "text/plain": node ? nameOfNode(node) : "",
      }));
    },
    acceptedDragTypes: [DRAG_TYPE],
    onDragStart: ({ keys }) => {
      dragged.current = [...keys].flatMap((key) => all.get(String(key)) ?? []);
    },
    getDropOperation: (target) => {
      if (itemsOf(dragged.current).length === 0) return "cancel";
      if (target.type === "root") return "move";
      const node = all.get(String(target.key));
      return node && placeOf(profiles, node, target.dropPosition, new Set()) ? "move" : "cancel";
    },
    onDrop: ({ target }) => {
      const moved = dragged.current;
      const items = itemsOf(moved);
      const ids = new Set(items.flatMap((item) => (item.kind === "profile" ? [item.id] : [])));
      const node = target.type === "root" ? null : all.get(String(target.key));
      const place =
        target.type === "root"
          ? { folder: "", before: null }
          : node
            ? placeOf(profiles, node, target.dropPosition, ids)
            : null;
      if (!place || items.length === 0) return;
      if (place.folder !== "") expand({ [folderKey(place.folder)]: true });
      void controller.profiles.move(items, whatOf(moved), place.folder, place.before);
    },
  });

  const focusedNode = (): TreeNode | undefined => {
    const row = document.activeElement?.closest("[data-tree-key]");
    return all.get(row?.getAttribute("data-tree-key") ?? "");
  };

  const onKeyDown = (event: ReactKeyboardEvent) => {
    if (event.target instanceof HTMLInputElement) return;
    const command = mac ? event.metaKey : event.ctrlKey;
    const node = focusedNode();
    if (event.key === "z" && command && !event.shiftKey && controller.profiles.canUndo) {
      void controller.profiles.undo();
    } else if (!node) {
      return;
    } else if (event.key === "F2" && canRename(node)) {
      setRenaming(node.key);
    } else if (event.key === "Delete" || (mac && event.key === "Backspace" && command)) {
      const items = itemsOf(
        meant(node).filter((each) => each.kind !== "profile" || each.profile.origin.kind === "personal"),
      );
      if (items.length > 0) void controller.profiles.delete(items, whatOf(meant(node)));
    } else if (event.key === "Enter" && (event.shiftKey || command) && node.kind === "profile") {
      controller.tabs.open(node.profile, { place: event.shiftKey ? "right" : "background" });
    } else if (event.key === "Enter" && node.kind !== "profile") {
      act(node.key);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const rowContext: RowContext = { words, searching, draggable: !searching, menuOf };
  const renamed = renaming === null ? undefined : all.get(renaming);

  return (
    <>
      <div className="filter-row">
        <SearchField
          aria-label={strings.sidebar.filter}
          className="filter"
          onChange={setTyped}
          onKeyDown={(event) => {
            const first = entered.trim() === "" ? undefined : found(profiles, entered).nodes[0];
            if (event.key === "ArrowDown") {
              box.current?.querySelector<HTMLElement>("[role=row]")?.focus();
              return;
            }
            if (event.key !== "Enter" || first?.kind !== "profile") {
              event.continuePropagation();
              return;
            }
            // Focus: the opened terminal takes the keyboard from no field
            if (event.target instanceof HTMLElement) event.target.blur();
            controller.tabs.open(first.profile);
          }}
          value={entered}
        >
          <Search aria-hidden size={14} strokeWidth={1.75} />
          <Input
            data-testid={testIds.filter}
            placeholder={strings.sidebar.filterPlaceholder}
            spellCheck="false"
          />
          <Button aria-label={strings.sidebar.clearFilter} className="filter-clear">
            <X aria-hidden size={14} strokeWidth={1.75} />
          </Button>
        </SearchField>
        <MenuTrigger>
          <Button aria-label={text.options} className="icon-button" data-testid={testIds.treeOptions}>
            <ArrowDownUp aria-hidden size={15} strokeWidth={1.75} />
          </Button>
          <Popover className="popover" placement="bottom end">
            <MenuEntries
              entries={optionEntries({
                sort,
                setSort: (to) => setSettings((current) => ({ ...current, sort: to })),
                newFolder: () => void newFolder(""),
                expandAll: (open) =>
                  expand(Object.fromEntries(tree.folders.map(({ path }) => [folderKey(path), open]))),
                forgetRecents:
                  tree.recents.length > 0 ? () => void controller.profiles.forgetRecents(null) : null,
              })}
              label={text.options}
            />
          </Popover>
        </MenuTrigger>
      </div>
      {search?.count === 0 ? (
        <p className="sidebar-note">{strings.sidebar.noMatch(typed)}</p>
      ) : (
        <div
          className="tree-box"
          onContextMenu={(event) => {
            const row = event.target instanceof Element ? event.target.closest("[data-tree-key]") : null;
            const node = all.get(row?.getAttribute("data-tree-key") ?? "");
            if (!node) return;
            if (!selected.has(node.key)) setSelected(new Set([node.key]));
            setMenuNode(node);
            openMenu(event);
          }}
          onKeyDownCapture={onKeyDown}
          ref={box}
        >
          <Virtualizer layout={ListLayout} layoutOptions={{ estimatedRowSize: 44, padding: 4 }}>
            <Tree<TreeNode>
              aria-label={text.label}
              className="profile-list"
              data-testid={testIds.profileList}
              dragAndDropHooks={dragAndDropHooks}
              expandedKeys={expandedKeys}
              items={nodes}
              onAction={(key) => act(String(key))}
              onExpandedChange={(keys) => {
                const open = new Set([...keys].map(String));
                const changed = [...all.values()].filter(
                  ({ kind, key }) => kind !== "profile" && open.has(key) !== expandedKeys.has(key),
                );
                expand(Object.fromEntries(changed.map(({ key }) => [key, open.has(key)])));
              }}
              onSelectionChange={(keys: Selection) =>
                setSelected(keys === "all" ? new Set(all.keys()) : new Set([...keys].map(String)))
              }
              selectedKeys={selected}
              selectionBehavior="replace"
              selectionMode="multiple"
            >
              {(node) => <TreeRow context={rowContext} node={node} />}
            </Tree>
          </Virtualizer>
          {renamed && canRename(renamed) ? (
            <RenameField
              box={box}
              key={renamed.key}
              name={nameOfNode(renamed)}
              nodeKey={renamed.key}
              onDone={(name) => {
                setRenaming(null);
                if (name === null || name === nameOfNode(renamed)) return;
                if (renamed.kind === "folder") {
                  void controller.profiles.renameFolder(renamed.path, name);
                  expand({
                    [folderKey(
                      joined(renamed.path.slice(0, -nameOf(renamed.path).length).replace(/\/$/, ""), name),
                    )]: isExpanded(expansion, renamed.key, profiles.length),
                  });
                } else if (renamed.kind === "profile") {
                  void controller.profiles.rename(renamed.profile.id, name);
                }
              }}
            />
          ) : null}
        </div>
      )}
      {search && search.count > 0 ? (
        <p aria-live="polite" className="tree-found" data-testid={testIds.treeFound} role="status">
          {text.matches(search.nodes.length, search.count)}
        </p>
      ) : null}
      {menu}
      {profiles.length <= 1 && !searching ? <p className="sidebar-note">{strings.sidebar.none}</p> : null}
    </>
  );
}

function labelOf(node: TreeNode): string {
  switch (node.kind) {
    case "profile":
      return strings.sidebar.menu(node.profile.name);
    case "folder":
      return text.folderMenu(node.name);
    case "section":
      return text.sectionMenu(nameOfNode(node));
  }
}

/** How several things are called together. */
function whatOf(nodes: readonly TreeNode[]): string {
  const only = nodes.length === 1 ? nodes[0] : undefined;
  return only ? nameOfNode(only) : text.several(nodes.length);
}

function canRename(node: TreeNode): boolean {
  return node.kind === "profile" ? !node.profile.builtIn : node.kind === "folder" && node.own;
}

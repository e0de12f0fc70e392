import { ChevronRight, Clock, Ellipsis, Folder, FolderOpen, Star, Terminal } from "lucide-react";
import type { ReactNode } from "react";
import { Button, Collection, MenuTrigger, Popover, TreeItem, TreeItemContent } from "react-aria-components";

import type { Profile } from "../../generated/Profile";
import type { TreeNode } from "../../model/profileTree";
import { strings } from "../../strings";
import { testIds } from "../../testIds";
import { Clipped } from "../Clipped";
import { type MenuEntry, MenuEntries } from "../ContextMenu";
import { EnvironmentBadge, Marked, TeamBadge } from "../profile/ProfileMarks";

const text = strings.tree;

/** What rows need of the tree that they stand in. */
export interface RowContext {
  readonly words: readonly string[];
  readonly searching: boolean;
  readonly draggable: boolean;
  readonly menuOf: (node: TreeNode) => { readonly label: string; readonly entries: readonly MenuEntry[] };
}

export function nameOfNode(node: TreeNode): string {
  switch (node.kind) {
    case "section":
      return node.section === "favourites" ? text.favourites : text.recents;
    case "folder":
      return node.name;
    case "profile":
      return node.profile.name;
  }
}

const attributesOf = (node: TreeNode): Record<string, string> => {
  switch (node.kind) {
    case "section":
      return { "data-testid": testIds.sectionRow, "data-section": node.section };
    case "folder":
      return { "data-testid": testIds.folderRow, "data-folder": node.path };
    case "profile":
      return {
        "data-testid": node.shortcut ? testIds.profileShortcut : testIds.profileRow,
        "data-profile-id": node.profile.id,
        "data-profile-name": node.profile.name,
      };
  }
};

/** What stands for the rows of a closed folder, which are not made: by having some it can be opened. */
function unseen(parent: string): readonly TreeNode[] {
  const key = `${parent}/`;
  return [{ kind: "folder", key, path: key, name: "", own: false, count: 0, nodes: [] }];
}

/** One row, and the rows below it. */
export function TreeRow({
  node,
  context,
}: {
  readonly node: TreeNode;
  readonly context: RowContext;
}): ReactNode {
  const hasChildren =
    node.kind === "section" || (node.kind === "folder" && (node.count > 0 || node.nodes.length > 0));
  return (
    <TreeItem
      className={`tree-row tree-${node.kind}`}
      data-tree-key={node.key}
      hasChildItems={hasChildren}
      id={node.key}
      textValue={nameOfNode(node)}
      {...attributesOf(node)}
    >
      <TreeItemContent>
        {({ isExpanded, allowsDragging }) => (
          <>
            {allowsDragging ? (
              // Dragging from the keyboard; the pointer takes the row anywhere.
              <Button className="visually-hidden" slot="drag" />
            ) : null}
            {hasChildren ? (
              <Button className="tree-chevron" slot="chevron">
                <ChevronRight aria-hidden size={14} strokeWidth={2} />
              </Button>
            ) : context.searching ? null : (
              <span className="tree-chevron" />
            )}
            <Inside context={context} expanded={isExpanded} node={node} />
            <RowMenu context={context} node={node} />
          </>
        )}
      </TreeItemContent>
      <Collection items={hasChildren && node.nodes.length === 0 ? unseen(node.key) : node.nodes}>
        {(child: TreeNode) => <TreeRow context={context} key={child.key} node={child} />}
      </Collection>
    </TreeItem>
  );
}

function Inside({
  node,
  context,
  expanded,
}: {
  readonly node: TreeNode;
  readonly context: RowContext;
  readonly expanded: boolean;
}) {
  switch (node.kind) {
    case "section": {
      const Icon = node.section === "favourites" ? Star : Clock;
      return (
        <>
          <Icon aria-hidden className="tree-icon" size={14} strokeWidth={1.75} />
          <span className="tree-section-name">{nameOfNode(node)}</span>
        </>
      );
    }
    case "folder": {
      const Icon = expanded ? FolderOpen : Folder;
      return (
        <>
          <Icon aria-hidden className="tree-icon" size={15} strokeWidth={1.75} />
          <span className="tree-name ellipsis" dir="auto">
            {node.name}
          </span>
          <span aria-label={text.count(node.count)} className="tree-count" role="img">
            {node.count.toLocaleString("en")}
          </span>
        </>
      );
    }
    case "profile":
      return <ProfileInside context={context} profile={node.profile} shortcut={node.shortcut} />;
  }
}

function ProfileInside({
  profile,
  context: { words, searching },
  shortcut,
}: {
  readonly profile: Profile;
  readonly context: RowContext;
  readonly shortcut: boolean;
}) {
  const notes = searching && profile.notes !== null ? found(profile.notes, words) : null;
  const tags = searching ? profile.tags.filter((tag) => found(tag, words) !== null) : [];
  return (
    <>
      <span aria-hidden className="profile-mark" data-colour={profile.colour}>
        {profile.builtIn ? <Terminal size={14} strokeWidth={2} /> : null}
      </span>
      <span className="profile-text">
        <span className="profile-name">
          <span className="ellipsis" dir="auto">
            <Marked text={profile.name} words={words} />
          </span>
          {profile.favourite && !shortcut ? (
            <Star
              aria-label={text.isFavourite}
              className="profile-star"
              role="img"
              size={12}
              strokeWidth={2}
            />
          ) : null}
          {profile.builtIn ? <span className="badge">{strings.sidebar.builtIn}</span> : null}
          <EnvironmentBadge environment={profile.environment} />
          <TeamBadge profile={profile} />
        </span>
        <ProfileDetail profile={profile} words={words} />
        {searching && profile.folder !== "" ? (
          <span className="profile-detail">
            <Folder aria-hidden className="detail-icon" size={11} strokeWidth={2} />
            <span className="ellipsis" dir="auto">
              <Marked text={profile.folder} words={words} />
            </span>
          </span>
        ) : null}
        {tags.length > 0 || notes !== null ? (
          <span className="profile-detail">
            <span className="ellipsis" dir="auto">
              <Marked text={[...tags, ...(notes === null ? [] : [notes])].join(" · ")} words={words} />
            </span>
          </span>
        ) : null}
      </span>
    </>
  );
}

/** The line of a text in which one of the words is. */
function found(notes: string, words: readonly string[]): string | null {
  const line = notes
    .split("\n")
    .find((each) => words.some((word) => each.toLocaleLowerCase().includes(word)));
  return line?.trim() ?? null;
}

/** What tells one profile from another below its name. The target gives way to the region, but keeps its end. */
export function ProfileDetail({
  profile,
  words = [],
}: {
  readonly profile: Profile;
  readonly words?: readonly string[];
}) {
  if (profile.builtIn) return <span className="profile-detail ellipsis">{strings.sidebar.localTarget}</span>;
  const target = profile.target.startsWith("ecs:")
    ? (profile.target.split("_")[0] ?? profile.target)
    : profile.target;
  return (
    <span className="profile-detail">
      {words.length > 0 ? (
        <span className="ellipsis">
          <Marked text={target} words={words} />
        </span>
      ) : (
        <Clipped text={target} />
      )}
      {profile.region === null ? null : (
        <span className="profile-region">
          {" · "}
          <Marked text={profile.region} words={words} />
        </span>
      )}
    </span>
  );
}

function RowMenu({ node, context }: { readonly node: TreeNode; readonly context: RowContext }) {
  const { label } = context.menuOf(node);
  return (
    <MenuTrigger>
      <Button aria-label={label} className="icon-button row-menu" data-testid={testIds.profileMenuButton}>
        <Ellipsis aria-hidden size={16} strokeWidth={1.75} />
      </Button>
      <Popover className="popover" placement="bottom end">
        <MenuEntries {...context.menuOf(node)} />
      </Popover>
    </MenuTrigger>
  );
}

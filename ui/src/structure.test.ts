/** The shape of the source tree: modules import each other in one direction. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const ROOT = import.meta.dirname;

/** Every module and the modules of ours that it imports for more than types. */
function importGraph(): Map<string, string[]> {
  const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".test.ts"))
    .map((file) => path.join(ROOT, file));
  const known = new Set(files);
  const resolve = (from: string, specifier: string): string | undefined =>
    [".ts", ".tsx"]
      .map((ending) => path.resolve(path.dirname(from), specifier) + ending)
      .find((candidate) => known.has(candidate));
  return new Map(
    files.map((file) => {
      const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
      const imports = source.statements.flatMap((statement) => {
        if (!ts.isImportDeclaration(statement) || isTypeOnly(statement)) return [];
        const { moduleSpecifier } = statement;
        const target = ts.isStringLiteral(moduleSpecifier) ? resolve(file, moduleSpecifier.text) : undefined;
        return target === undefined ? [] : [target];
      });
      return [file, imports];
    }),
  );
}

/** Whether nothing of an import is left when the program runs. */
function isTypeOnly(statement: ts.ImportDeclaration): boolean {
  return statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

/** The first circle found, as a path that ends where it began. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): string[] | null => {
    const start = trail.indexOf(file);
    if (start >= 0) return [...trail.slice(start), file];
    if (done.has(file)) return null;
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...trail, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return null;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file, []);
    if (cycle) return cycle.map((member) => path.relative(ROOT, member));
  }
  return null;
}

test("modules do not import each other in a circle", () => {
  const graph = importGraph();
  expect(graph.size).toBeGreaterThan(20);
  expect([...graph.values()].flat().length).toBeGreaterThan(20);
  expect(findCycle(graph)).toBeNull();
});

test("a circle would be found", () => {
  expect(
    findCycle(
      new Map([
        ["/a", ["/b"]],
        ["/b", ["/c"]],
        ["/c", ["/b"]],
      ]),
    ),
  ).not.toBeNull();
});

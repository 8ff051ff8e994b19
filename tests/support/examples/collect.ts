/** Finds the examples of the documentation: `@example` blocks of docstrings, and TypeScript blocks of READMEs. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { libraries, root, sourceFiles } from "../workspace.js";

/** One block of code that readers are shown. */
export interface Example {
  /** relative to the root, such as `packages/core/src/storage/cache.ts` */
  readonly file: string;
  /** of the first line of code, from 1 */
  readonly line: number;
  /** what it is an example of; for READMEs the number of the block */
  readonly subject: string;
  /** the package whose menu its names come from */
  readonly package: string;
  readonly code: string;
}

function nameOf(node: ts.Node): string {
  const declared = ts.isVariableStatement(node) ? node.declarationList.declarations[0] : node;
  const name = ts.getNameOfDeclaration(declared as ts.Declaration);
  const owner = ts.isClassElement(node) || ts.isTypeElement(node) ? node.parent : undefined;
  const own = name?.getText() ?? "?";
  return owner ? `${nameOf(owner)}.${own}` : own;
}

/** The examples in the source of one file. */
export function docstringExamples(source: string, file: string, packageName: string): Example[] {
  if (!source.includes("@example")) return [];
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ESNext, true);
  const found = new Map<number, Example>(); // a declaration inside a statement has the tags of both
  const visit = (node: ts.Node): void => {
    for (const tag of ts.getJSDocTags(node)) {
      if (tag.tagName.text !== "example" || found.has(tag.pos)) continue;
      const code = ts.getTextOfJSDocComment(tag.comment) ?? "";
      const line = tree.getLineAndCharacterOfPosition(tag.pos).line + 2;
      found.set(tag.pos, { file, line, subject: nameOf(node), package: packageName, code });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return [...found.values()];
}

/** The blocks of a Markdown file that are fenced with `ts`. */
export function markdownExamples(source: string, file: string, packageName: string): Example[] {
  const fenced = /^```ts\n(.*?)^```$/gms;
  return [...source.matchAll(fenced)].map(({ 1: code, index }, block) => {
    const line = source.slice(0, index).split("\n").length + 1;
    return { file, line, subject: `block ${block + 1}`, package: packageName, code };
  });
}

/** The pages of a package's rooms: READMEs beside their sources. */
function roomPages(folder: string): string[] {
  const rooms = readdirSync(join(folder, "src"), { withFileTypes: true });
  return rooms
    .filter((room) => room.isDirectory())
    .map(({ name }) => join(folder, "src", name, "README.md"))
    .filter((page) => existsSync(page));
}

/** The pages of `docs/` but for the decisions, which tell of what was. */
function guides(): string[] {
  const inFolders = ["contributing", "methods"].flatMap((folder) =>
    readdirSync(join(root, "docs", folder)).map((page) => join(root, "docs", folder, page)),
  );
  return [...inFolders, join(root, "docs", "training.md")];
}

/** Every example there is, package by package. */
export function allExamples(): Example[] {
  const read = (path: string) => [readFileSync(path, "utf8"), relative(root, path)] as const;
  const inPackages = libraries.flatMap((one) => {
    const { name } = one.manifest;
    const pages = [join(one.folder, "README.md"), ...roomPages(one.folder)];
    return [
      ...pages.flatMap((path) => markdownExamples(...read(path), name)),
      ...sourceFiles(one).flatMap((path) => docstringExamples(...read(path), name)),
    ];
  });
  const general = [join(root, "README.md"), ...guides()];
  return [...general.flatMap((path) => markdownExamples(...read(path), "mlxterp")), ...inPackages];
}

/** Which of the functions and classes on the packages' menus are shown in use where they are declared. */
import { relative } from "node:path";
import { isExportDeclaration, isExportSpecifier, SyntaxKind } from "typescript-native/unstable/ast";
import {
  type Checker,
  type Symbol as NamedSymbol,
  type Program,
  SignatureKind,
  SymbolFlags,
} from "typescript-native/unstable/sync";
import { root } from "../workspace.js";
import type { Example } from "./collect.js";

/** A function or class on a menu. */
export interface PublicName {
  readonly package: string;
  readonly name: string;
  readonly shown: boolean;
}

/** Errors are described where they are thrown; values such as `mx` and schemas are not called. */
function needsExample(symbol: NamedSymbol, checker: Checker): boolean {
  if (symbol.name.endsWith("Error")) return false;
  if (symbol.flags & (SymbolFlags.Function | SymbolFlags.Class)) return true;
  if (!(symbol.flags & SymbolFlags.Variable)) return false;
  const type = checker.getTypeOfSymbol(symbol);
  if (!type) throw new Error(`${symbol.name} has no type`);
  const kinds = [SignatureKind.Call, SignatureKind.Construct];
  return kinds.some((kind) => checker.getSignaturesOfType(type, kind).length > 0);
}

function isTypeOnly(exported: NamedSymbol): boolean {
  return exported.declarations.some((declared) => {
    const node = declared.resolve();
    if (!node) throw new Error(`${exported.name} is not where it is declared`);
    if (!isExportSpecifier(node)) return false;
    const statement = node.parent.parent;
    return node.isTypeOnly || (isExportDeclaration(statement) && statement.isTypeOnly);
  });
}

/** Shown where they are declared are functions and classes, and classes by an example of a member, too. */
function isShown({ name, declarations }: NamedSymbol, subjects: ReadonlySet<string>): boolean {
  return declarations.some((declared) => {
    const own = `${relative(root, declared.path)} ${name}`;
    return subjects.has(own) || (declared.kind === classKind && subjects.has(`${own}.`));
  });
}

const classKind = SyntaxKind.ClassDeclaration;

/** What examples show: `file name`, and `file name.` where they show a member. */
function subjectsOf(examples: readonly Example[]): Set<string> {
  return new Set(
    examples.map(({ file, subject }) => `${file} ${subject.replace(/(?<=\.).*$/, "")}`),
  );
}

/**
 * Everything on the menus that is called or constructed.
 *
 * @param menus the index files of packages by their name, all of them in the program
 * @param examples all of those of the documentation
 */
export function publicNames(
  { program, checker }: { program: Program; checker: Checker },
  menus: ReadonlyMap<string, string>,
  examples: readonly Example[],
): PublicName[] {
  const subjects = subjectsOf(examples);
  return [...menus].flatMap(([packageName, index]) => {
    const file = program.getSourceFile(index);
    const module = file && checker.getSymbolAtLocation(file);
    if (!module) throw new Error(`${index} is not in the program`);
    return checker.getExportsOfModule(module).flatMap((exported) => {
      const alias = exported.flags & SymbolFlags.Alias;
      const symbol = alias ? checker.getAliasedSymbol(exported) : exported;
      if (isTypeOnly(exported) || !needsExample(symbol, checker)) return [];
      return { package: packageName, name: exported.name, shown: isShown(symbol, subjects) };
    });
  });
}

/** Which of the functions and classes on the packages' menus are shown in use where they are declared. */
import ts from "typescript";

/** A function or class on a menu. */
export interface PublicName {
  readonly package: string;
  readonly name: string;
  readonly shown: boolean;
}

function hasExample(declaration: ts.Node): boolean {
  const own = ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === "example");
  const isClass = ts.isClassDeclaration(declaration);
  return own || (isClass && declaration.members.some(hasExample));
}

/** Errors are described where they are thrown; values such as `mx` and schemas are not called. */
function needsExample(symbol: ts.Symbol, checker: ts.TypeChecker): boolean {
  if (symbol.name.endsWith("Error")) return false;
  if (symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Class)) return true;
  if (!(symbol.flags & ts.SymbolFlags.Variable)) return false;
  const type = checker.getTypeOfSymbol(symbol);
  return type.getCallSignatures().length + type.getConstructSignatures().length > 0;
}

function isTypeOnly(exported: ts.Symbol): boolean {
  return (exported.declarations ?? []).some(ts.isTypeOnlyImportOrExportDeclaration);
}

/**
 * Everything on the menus that is called or constructed.
 *
 * @param menus the index files of packages by their name, all of them in the program
 */
export function publicNames(program: ts.Program, menus: ReadonlyMap<string, string>): PublicName[] {
  const checker = program.getTypeChecker();
  return [...menus].flatMap(([packageName, index]) => {
    const file = program.getSourceFile(index);
    const module = file && checker.getSymbolAtLocation(file);
    if (!module) throw new Error(`${index} is not in the program`);
    return checker.getExportsOfModule(module).flatMap((exported) => {
      const alias = exported.flags & ts.SymbolFlags.Alias;
      const symbol = alias ? checker.getAliasedSymbol(exported) : exported;
      if (isTypeOnly(exported) || !needsExample(symbol, checker)) return [];
      const shown = (symbol.declarations ?? []).some(hasExample);
      return { package: packageName, name: exported.name, shown };
    });
  });
}

/** Names are checked when a program is compiled: what the fixture marks as an error is one, and nothing else is. */
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";

it("a misspelt module does not compile, and every module of a typed model does", () => {
  const fixture = fileURLToPath(new URL("./support/types-fixture.ts", import.meta.url));
  const base = fileURLToPath(new URL("../../../tsconfig.base.json", import.meta.url));
  const { config } = ts.readConfigFile(base, ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, "");
  const program = ts.createProgram([fixture], options);
  // the sources that it imports are checked by the type check of everything
  const own = ts.getPreEmitDiagnostics(program, program.getSourceFile(fixture));
  const messages = own.map(({ messageText, file, start = 0 }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    return `${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
  expect(messages).toEqual([]);
}, 180_000);

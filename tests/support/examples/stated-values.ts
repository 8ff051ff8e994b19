/** Comments that state a value, such as `cache.get("layers.3").shape; // [1, 6, 128]`, become checks of it. */
import ts from "typescript";

/** Numbers, texts, truth values, and lists and records of them. */
function isLiteral(node: ts.Expression): boolean {
  if (ts.isArrayLiteralExpression(node)) return node.elements.every(isLiteral);
  if (ts.isObjectLiteralExpression(node)) {
    return node.properties.every(
      (one) => ts.isPropertyAssignment(one) && isLiteral(one.initializer),
    );
  }
  if (ts.isPrefixUnaryExpression(node)) return isLiteral(node.operand);
  const truth = [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword].includes(node.kind);
  return truth || ts.isNumericLiteral(node) || ts.isStringLiteral(node);
}

/** The value in a comment that consists of nothing else. */
function literalIn(comment: string): string | undefined {
  const text = `(${comment.replace(/^\/\/\s*/, "")})`;
  const [statement] = ts.createSourceFile("a.ts", text, ts.ScriptTarget.ESNext).statements;
  if (!statement || !ts.isExpressionStatement(statement)) return undefined;
  const { expression } = statement;
  if (!ts.isParenthesizedExpression(expression) || !isLiteral(expression.expression))
    return undefined;
  // most comments are prose, and not asked for their errors
  const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true });
  return diagnostics.length > 0 ? undefined : text;
}

function commentAfter(text: string, end: number): string | undefined {
  const ranges = ts.getTrailingCommentRanges(text, end) ?? ts.getLeadingCommentRanges(text, end);
  const [first] = ranges ?? [];
  return first && text.slice(first.pos, first.end);
}

/** The same code with `expectEqual(value, stated)` for every statement whose comment states its value. */
export function withChecks(code: string, expectEqual: string): string {
  const tree = ts.createSourceFile("example.ts", code, ts.ScriptTarget.ESNext, true);
  const checks: { start: number; end: number; text: string }[] = [];
  const visit = (node: ts.Node): void => {
    const stated = ts.isExpressionStatement(node) && literalIn(commentAfter(code, node.end) ?? "x");
    if (stated) {
      const text = `${expectEqual}(${node.expression.getText(tree)}, ${stated});`;
      checks.push({ start: node.getStart(tree), end: node.end, text });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return checks.reduceRight(
    (text, check) => text.slice(0, check.start) + check.text + text.slice(check.end),
    code,
  );
}

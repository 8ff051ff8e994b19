/** Reads the statements of a template. */
import { ExpressionParser } from "./expressions.js";
import { tokenize } from "./lexer.js";
import type { Body, Expression, Parameter, Statement, Target } from "./syntax.js";

const deepest = 60;

/** @throws TemplateFault of the kind `template` */
export function parseTemplate(source: string): Body {
  return new TemplateParser(tokenize(source)).template();
}

class TemplateParser extends ExpressionParser {
  private nested = 0;

  template(): Body {
    const body = this.body();
    if (!this.is("end")) this.fail(`unexpected {% ${this.tokens[this.at].value} %}`);
    return body;
  }

  /** Statements up to one of these tags, whose name is then the next token. */
  private body(...ends: readonly string[]): Body {
    if (++this.nested > deepest) this.fail(`blocks are nested more than ${deepest} deep`);
    const statements: Statement[] = [];
    for (;;) {
      const { kind, value, line } = this.token;
      if (kind === "end") {
        if (ends.length > 0)
          this.fail(`the end of the template, where {% ${ends.join(" %} or {% ")} %} is missing`);
        break;
      }
      this.at++;
      if (kind === "text") statements.push({ kind: "text", text: value, line });
      else if (kind === "variableBegin") {
        statements.push({ kind: "output", value: this.tuple(), line });
        this.expect("variableEnd");
      } else {
        if (this.is("name") && ends.includes(this.token.value)) break;
        statements.push(this.statement());
      }
    }
    this.nested--;
    return statements;
  }

  /** A body whose last tag says nothing more. */
  private bodyTo(end: string): Body {
    this.expect("blockEnd");
    const body = this.body(end);
    this.at++;
    this.expect("blockEnd");
    return body;
  }

  private statement(): Statement {
    const { value: name, line } = this.expect("name");
    switch (name) {
      case "if":
        return this.if(line);
      case "for":
        return this.for(line);
      case "set":
        return this.set(line);
      case "macro":
        return { kind: "macro", name: this.expect("name").value, ...this.macro("endmacro"), line };
      case "call":
        return this.call(line);
      case "filter": {
        const filters = [this.applied(), ...this.moreFilters()];
        return { kind: "filterBlock", filters, body: this.bodyTo("endfilter"), line };
      }
      case "with":
        return this.with(line);
      case "generation":
        return { kind: "generation", body: this.bodyTo("endgeneration"), line };
      case "break":
      case "continue":
        this.expect("blockEnd");
        return { kind: name, line };
      default:
        return this.fail(`there is no tag {% ${name} %}`);
    }
  }

  private if(line: number): Statement {
    const branches: { test: Expression; body: Body }[] = [];
    let otherwise: Body = [];
    for (let tag = "elif"; tag === "elif"; ) {
      const test = this.tuple(true);
      this.expect("blockEnd");
      branches.push({ test, body: this.body("elif", "else", "endif") });
      tag = this.expect("name").value;
      if (tag === "else") otherwise = this.bodyTo("endif");
      else if (tag === "endif") this.expect("blockEnd");
    }
    return { kind: "if", branches, otherwise, line };
  }

  private for(line: number): Statement {
    const target = this.target();
    this.expect("name", "in");
    const over = this.tuple(false);
    const test = this.skip("name", "if") ? this.expression() : undefined;
    const recursive = this.skip("name", "recursive");
    this.expect("blockEnd");
    const body = this.body("else", "endfor");
    let otherwise: Body = [];
    if (this.expect("name").value === "else") otherwise = this.bodyTo("endfor");
    else this.expect("blockEnd");
    return { kind: "for", target, over, test, recursive, body, otherwise, line };
  }

  private target(): Target {
    const targets: Target[] = [];
    let isTuple = false;
    do {
      if (targets.length > 0 && !this.is("name") && !this.is("operator", "(")) break;
      targets.push(this.oneTarget());
      isTuple ||= this.is("operator", ",");
    } while (this.skip("operator", ","));
    return isTuple ? { kind: "several", targets } : targets[0];
  }

  private oneTarget(): Target {
    if (this.skip("operator", "(")) {
      const inner = this.target();
      this.expect("operator", ")");
      return inner;
    }
    const { value: name } = this.expect("name");
    if (!this.skip("operator", ".")) return { kind: "name", name };
    return { kind: "field", of: name, name: this.expect("name").value };
  }

  private set(line: number): Statement {
    const target = this.target();
    if (this.skip("operator", "=")) {
      const value = this.tuple();
      this.expect("blockEnd");
      return { kind: "set", target, value, line };
    }
    return {
      kind: "setBlock",
      target,
      filters: this.moreFilters(),
      body: this.bodyTo("endset"),
      line,
    };
  }

  private moreFilters() {
    const filters = [];
    while (this.skip("operator", "|")) filters.push(this.applied());
    return filters;
  }

  private macro(end: string): { readonly parameters: readonly Parameter[]; readonly body: Body } {
    const parameters = this.parameters();
    return { parameters, body: this.bodyTo(end) };
  }

  private parameters(): Parameter[] {
    const found: Parameter[] = [];
    this.expect("operator", "(");
    while (!this.skip("operator", ")")) {
      if (found.length > 0) this.expect("operator", ",");
      const { value: name } = this.expect("name");
      const otherwise = this.skip("operator", "=") ? this.expression() : undefined;
      if (!otherwise && found.some((before) => before.otherwise)) {
        this.fail("a parameter without a default behind one that has it");
      }
      found.push({ name, otherwise });
    }
    return found;
  }

  private call(line: number): Statement {
    const parameters = this.is("operator", "(") ? this.parameters() : [];
    const call = this.expression();
    if (call.kind !== "call") this.fail("expected a call");
    return { kind: "callBlock", call, parameters, body: this.bodyTo("endcall"), line };
  }

  private with(line: number): Statement {
    const values: (readonly [Target, Expression])[] = [];
    while (!this.is("blockEnd")) {
      if (values.length > 0) this.expect("operator", ",");
      const target = this.target();
      this.expect("operator", "=");
      values.push([target, this.expression()]);
    }
    return { kind: "with", values, body: this.bodyTo("endwith"), line };
  }
}

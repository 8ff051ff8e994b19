/** Writes a template. */
import { callValue } from "./attributes.js";
import { Budget } from "./budget.js";
import { Evaluator } from "./evaluate.js";
import { TemplateFault, wrongTemplate, wrongValue } from "./fault.js";
import { fromJavaScript } from "./from-javascript.js";
import { createGlobals } from "./globals.js";
import { createLoop, type LoopState } from "./loops.js";
import { print } from "./print.js";
import { Scope } from "./scope.js";
import type { Body, Given, Parameter, Statement, Target } from "./syntax.js";
import {
  type Arguments,
  Callable,
  firstOf,
  isTrue,
  iterate,
  Record,
  sizeOf,
  Tuple,
  Undefined,
  type Value,
} from "./values.js";

/** Why a body was left before its end. */
type Leaving = "break" | "continue" | undefined;
type Kind<K extends Statement["kind"]> = Statement & { readonly kind: K };

/**
 * @param variables what the template can name
 * @throws TemplateFault
 */
export function renderTemplate(
  body: Body,
  variables: Readonly<globalThis.Record<string, unknown>>,
  now: () => Date = () => new Date(),
): string {
  const budget = new Budget();
  const scope = new Scope();
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined) scope.set(name, fromJavaScript(value, name));
  }
  const writer = new Writer(new Evaluator(budget, createGlobals(budget, now)), budget);
  try {
    return writer.capture(body, new Scope(scope));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TemplateFault("limit", "it is nested too deeply"); // the stack of JavaScript has an end
  }
}

class Writer {
  private parts: string[] = [];

  constructor(
    private readonly evaluator: Evaluator,
    private readonly budget: Budget,
  ) {}

  /** The text that statements write. */
  capture(body: Body, scope: Scope): string {
    const outer = this.parts;
    this.parts = [];
    try {
      this.run(body, scope);
      return this.parts.join("");
    } finally {
      this.parts = outer;
    }
  }

  private write(text: string): void {
    this.budget.make(text.length);
    this.parts.push(text);
  }

  private run(body: Body, scope: Scope): Leaving {
    for (const statement of body) {
      this.budget.step();
      const leaving = this.located(statement, scope);
      if (leaving) return leaving;
    }
    return undefined;
  }

  private located(statement: Statement, scope: Scope): Leaving {
    try {
      return this.statement(statement, scope);
    } catch (error) {
      if (error instanceof TemplateFault) error.line ??= statement.line;
      throw error;
    }
  }

  private statement(statement: Statement, scope: Scope): Leaving {
    const { evaluator } = this;
    switch (statement.kind) {
      case "text":
        this.write(statement.text);
        return undefined;
      case "output":
        this.write(print(evaluator.evaluate(statement.value, scope), this.budget));
        return undefined;
      case "if": {
        const found = statement.branches.find(({ test }) =>
          isTrue(evaluator.evaluate(test, scope)),
        );
        return this.run(found ? found.body : statement.otherwise, scope);
      }
      case "for":
        this.for(statement, scope, evaluator.evaluate(statement.over, scope), 0);
        return undefined;
      case "set":
        this.assign(statement.target, evaluator.evaluate(statement.value, scope), scope);
        return undefined;
      case "break":
      case "continue":
        return statement.kind;
      case "generation":
        this.run(statement.body, new Scope(scope));
        return undefined;
      default:
        this.block(statement, scope);
        return undefined;
    }
  }

  private block(statement: Statement, scope: Scope): void {
    switch (statement.kind) {
      case "setBlock": {
        const text = this.capture(statement.body, new Scope(scope));
        this.assign(statement.target, this.filtered(text, statement.filters, scope), scope);
        return;
      }
      case "filterBlock": {
        const text = this.capture(statement.body, new Scope(scope));
        this.write(print(this.filtered(text, statement.filters, scope), this.budget));
        return;
      }
      case "with":
        this.with(statement, scope);
        return;
      case "macro":
        scope.set(
          statement.name,
          this.macro(statement.name, statement.parameters, statement.body, scope),
        );
        return;
      case "callBlock":
        this.callBlock(statement, scope);
        return;
      default:
        throw wrongTemplate(`{% ${statement.kind} %} is not implemented`);
    }
  }

  private filtered(
    text: string,
    filters: readonly { readonly name: string; readonly given: Given }[],
    scope: Scope,
  ): Value {
    return filters.reduce<Value>(
      (value, { name, given }) => this.evaluator.filter(name, value, given, scope),
      text,
    );
  }

  private with({ values, body }: Kind<"with">, scope: Scope): void {
    const inner = new Scope(scope);
    for (const [target, value] of values)
      this.assign(target, this.evaluator.evaluate(value, scope), inner);
    this.run(body, inner);
  }

  private callBlock({ call, parameters, body }: Kind<"callBlock">, scope: Scope): void {
    if (call.kind !== "call") throw wrongTemplate("{% call %} needs a call");
    const given = this.evaluator.given(call.given, scope);
    const named = new Map(given.named).set("caller", this.macro("caller", parameters, body, scope));
    const callee = this.evaluator.evaluate(call.of, scope);
    this.write(
      print(
        this.budget.call(() => callValue(callee, { ...given, named })),
        this.budget,
      ),
    );
  }

  private assign(target: Target, value: Value, scope: Scope): void {
    if (target.kind === "name") {
      scope.set(target.name, value);
      return;
    }
    if (target.kind === "field") {
      const holder = scope.get(target.of);
      if (!(holder instanceof Record) || !holder.writable) {
        throw wrongTemplate("cannot assign attribute on non-namespace object");
      }
      holder.fields.set(target.name, value);
      return;
    }
    this.budget.pass(sizeOf(value), typeof value === "string" ? 24 : 1);
    const items = iterate(value);
    if (items.length !== target.targets.length) {
      throw wrongValue(`${target.targets.length} names for ${items.length} values`);
    }
    target.targets.forEach((inner, index) => {
      this.assign(inner, items[index], scope);
    });
  }

  private for(statement: Kind<"for">, scope: Scope, over: Value, depth: number): void {
    const items = this.chosen(statement, scope, over);
    const state: LoopState = { items, index: 0, depth, last: undefined };
    const again = (inner: Value) =>
      this.budget.call(() => {
        const outer = this.parts;
        this.parts = [];
        try {
          this.for(statement, scope, inner, depth + 1);
          return this.parts.join("");
        } finally {
          this.parts = outer;
        }
      });
    const loop = createLoop(state, statement.recursive ? again : undefined, this.budget);
    for (const [index, item] of items.entries()) {
      this.budget.step();
      state.index = index;
      const inner = new Scope(scope);
      inner.set("loop", loop);
      this.assign(statement.target, item, inner);
      if (this.run(statement.body, inner) === "break") break;
    }
    if (items.length === 0) this.run(statement.otherwise, new Scope(scope));
  }

  private chosen({ target, test }: Kind<"for">, scope: Scope, over: Value): readonly Value[] {
    this.budget.pass(sizeOf(over), typeof over === "string" ? 24 : 1);
    const items = iterate(over);
    if (!test) return items;
    return items.filter((item) => {
      const inner = new Scope(scope);
      this.assign(target, item, inner);
      return isTrue(this.evaluator.evaluate(test, inner));
    });
  }

  private macro(
    name: string,
    parameters: readonly Parameter[],
    body: Body,
    outer: Scope,
  ): Callable {
    return new Callable(
      name,
      (given) => this.capture(body, this.bound(parameters, given, outer)),
      (attribute) => (attribute === "name" ? name : undefined),
    );
  }

  /** The scope of a macro's body: its parameters, what was given beyond them, and who called. */
  private bound(parameters: readonly Parameter[], { list, named }: Arguments, outer: Scope): Scope {
    const scope = new Scope(outer);
    const rest = new Map(named);
    parameters.forEach((parameter, index) => {
      const value = firstOf(list[index], rest.get(parameter.name));
      rest.delete(parameter.name);
      if (value !== undefined) scope.set(parameter.name, value);
      else if (parameter.otherwise)
        scope.set(parameter.name, this.evaluator.evaluate(parameter.otherwise, scope));
      else
        scope.set(parameter.name, new Undefined(`parameter '${parameter.name}' was not provided`));
    });
    const caller = rest.get("caller");
    if (caller) scope.set("caller", caller);
    rest.delete("caller");
    scope.set("varargs", new Tuple(list.slice(parameters.length)));
    scope.set("kwargs", new Map<Value, Value>(rest));
    return scope;
  }
}

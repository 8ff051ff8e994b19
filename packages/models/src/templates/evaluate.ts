/** Computes the expressions of a template. */
import { attributeOf, callValue } from "./attributes.js";
import type { Budget } from "./budget.js";
import { TemplateFault, wrongTemplate, wrongValue } from "./fault.js";
import { applyFilter, type FilterContext, isFilterName } from "./filters.js";
import { compares, itemOf, negate, operate, sliceOf } from "./operators.js";
import type { Scope } from "./scope.js";
import type { Expression, Given } from "./syntax.js";
import { applyTest } from "./tests.js";
import {
  type Arguments,
  defined,
  Float,
  firstOf,
  isDict,
  isTrue,
  iterate,
  setItem,
  sizeOf,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./values.js";

/** Computes expressions, and counts what that takes. */
export class Evaluator {
  private readonly context: FilterContext;

  constructor(
    readonly budget: Budget,
    private readonly globals: ReadonlyMap<string, Value>,
  ) {
    this.context = {
      budget,
      item: (value, key) => this.item(value, key),
      attribute: (value, name) => attributeOf(value, name, budget),
      test: (name, value, given) => applyTest(name, value, given, budget, isFilterName),
      filter: (name, value, given) => {
        budget.step();
        return applyFilter(name, value, given, this.context);
      },
    };
  }

  evaluate(expression: Expression, scope: Scope): Value {
    this.budget.step();
    try {
      return this.compute(expression, scope);
    } catch (error) {
      if (error instanceof TemplateFault) error.line ??= expression.line;
      throw error;
    }
  }

  private compute(expression: Expression, scope: Scope): Value {
    const of = (inner: Expression) => this.evaluate(inner, scope);
    switch (expression.kind) {
      case "constant":
        return constantOf(expression.value);
      case "name":
        return this.named(expression.name, scope);
      case "list":
        return expression.items.map(of);
      case "tuple":
        return new Tuple(expression.items.map(of));
      case "dict": {
        const dict = new Map<Value, Value>();
        for (const [key, value] of expression.entries)
          setItem(dict, of(key), of(value), this.budget);
        return dict;
      }
      case "attribute":
        return this.attribute(of(expression.of), expression.name);
      case "item":
        return this.item(of(expression.of), of(expression.key));
      case "slice":
        return sliceOf(
          of(expression.of),
          expression.bounds.map((bound) => bound && of(bound)),
          this.budget,
        );
      case "call":
        return this.budget.call(() =>
          callValue(of(expression.of), this.given(expression.given, scope)),
        );
      default:
        return this.operation(expression, scope);
    }
  }

  private operation(expression: Expression, scope: Scope): Value {
    const of = (inner: Expression) => this.evaluate(inner, scope);
    switch (expression.kind) {
      case "filter":
        return applyFilter(
          expression.name,
          of(expression.of),
          this.given(expression.given, scope),
          this.context,
        );
      case "test": {
        const { list } = this.given(expression.given, scope);
        return applyTest(expression.name, of(expression.of), list, this.budget, isFilterName);
      }
      case "not":
        return !isTrue(of(expression.of));
      case "negative":
        return negate(defined(of(expression.of)));
      case "positive":
        return of(expression.of);
      case "and":
      case "or": {
        const left = of(expression.left);
        return isTrue(left) === (expression.kind === "or") ? left : of(expression.right);
      }
      case "binary":
        return operate(expression.operator, of(expression.left), of(expression.right), this.budget);
      case "compare":
        return this.comparison(expression, scope);
      case "condition":
        if (isTrue(of(expression.test))) return of(expression.yes);
        if (expression.no) return of(expression.no);
        return new Undefined(
          "the inline if-expression evaluated to false and no else section was defined.",
        );
      default:
        throw wrongTemplate("an expression is not implemented");
    }
  }

  private comparison(
    { first, rest }: Expression & { readonly kind: "compare" },
    scope: Scope,
  ): boolean {
    let left = this.evaluate(first, scope);
    for (const { operator, value } of rest) {
      const right = this.evaluate(value, scope);
      if (!compares(operator, left, right, this.budget)) return false;
      left = right;
    }
    return true;
  }

  private named(name: string, scope: Scope): Value {
    const found = firstOf(scope.get(name), this.globals.get(name));
    return found === undefined ? new Undefined(`'${name}' is undefined`) : found;
  }

  /** `value.name`: what Python finds on the value, else its entry. */
  private attribute(value: Value, name: string): Value {
    if (value instanceof Undefined) throw wrongValue(value.hint);
    const found = firstOf(attributeOf(value, name, this.budget), itemOf(value, name, this.budget));
    return found === undefined ? nothing(value, name) : found;
  }

  /** `value[key]`: its entry, else what Python finds on the value. */
  item(value: Value, key: Value): Value {
    if (value instanceof Undefined) throw wrongValue(value.hint);
    const found = itemOf(value, key, this.budget);
    if (found !== undefined) return found;
    if (typeof key !== "string") return nothing(value, key);
    const attribute = attributeOf(value, key, this.budget);
    return attribute === undefined ? nothing(value, key) : attribute;
  }

  given({ positions, names, list, dict }: Given, scope: Scope): Arguments {
    const of = (inner: Expression) => this.evaluate(inner, scope);
    const found = positions.map(of);
    const named = new Map(names.map(([name, value]) => [name, of(value)]));
    const rest = list ? of(list) : [];
    this.budget.pass(sizeOf(rest));
    for (const item of iterate(rest)) found.push(item); // spread out, they would be as many arguments
    const more = dict && of(dict);
    if (more !== undefined) {
      if (!isDict(more))
        throw wrongValue(`argument after ** must be a mapping, not ${typeName(more)}`);
      for (const [key, value] of more) named.set(String(key), value);
    }
    return { list: found, named };
  }

  filter(name: string, value: Value, given: Given, scope: Scope): Value {
    return applyFilter(name, value, this.given(given, scope), this.context);
  }
}

function constantOf(value: (Expression & { readonly kind: "constant" })["value"]): Value {
  if (value === null || typeof value !== "object") return value;
  return "int" in value ? value.int : new Float(value.float);
}

function nothing(value: Value, key: Value): Undefined {
  const shown = typeof key === "string" ? `attribute '${key}'` : `element ${String(key)}`;
  return new Undefined(`'${typeName(value)} object' has no ${shown}`);
}

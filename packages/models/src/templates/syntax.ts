/** The tree of a template. */

interface Located {
  readonly line: number;
}

export type Expression = Located &
  (
    | {
        readonly kind: "constant";
        readonly value:
          | string
          | boolean
          | null
          | { readonly int: number }
          | { readonly float: number };
      }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "list" | "tuple"; readonly items: readonly Expression[] }
    | { readonly kind: "dict"; readonly entries: readonly (readonly [Expression, Expression])[] }
    | { readonly kind: "attribute"; readonly of: Expression; readonly name: string }
    | { readonly kind: "item"; readonly of: Expression; readonly key: Expression }
    | {
        readonly kind: "slice";
        readonly of: Expression;
        readonly bounds: readonly (Expression | undefined)[];
      }
    | { readonly kind: "call"; readonly of: Expression; readonly given: Given }
    | {
        readonly kind: "filter";
        readonly of: Expression;
        readonly name: string;
        readonly given: Given;
      }
    | {
        readonly kind: "test";
        readonly of: Expression;
        readonly name: string;
        readonly given: Given;
      }
    | { readonly kind: "not" | "negative" | "positive"; readonly of: Expression }
    | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression }
    | {
        readonly kind: "binary";
        readonly operator: string;
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly kind: "compare";
        readonly first: Expression;
        readonly rest: readonly { readonly operator: string; readonly value: Expression }[];
      }
    | {
        readonly kind: "condition";
        readonly test: Expression;
        readonly yes: Expression;
        readonly no: Expression | undefined;
      }
  );

/** The arguments of a call. */
export interface Given {
  readonly positions: readonly Expression[];
  readonly names: readonly (readonly [string, Expression])[];
  readonly list: Expression | undefined;
  readonly dict: Expression | undefined;
}

export const noArguments: Given = { positions: [], names: [], list: undefined, dict: undefined };

export interface Parameter {
  readonly name: string;
  readonly otherwise: Expression | undefined;
}

export type Body = readonly Statement[];

export type Target =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "field"; readonly of: string; readonly name: string }
  | { readonly kind: "several"; readonly targets: readonly Target[] };

interface Applied {
  readonly name: string;
  readonly given: Given;
}

export type Statement = Located &
  (
    | { readonly kind: "text"; readonly text: string }
    | { readonly kind: "output"; readonly value: Expression }
    | {
        readonly kind: "if";
        readonly branches: readonly { readonly test: Expression; readonly body: Body }[];
        readonly otherwise: Body;
      }
    | {
        readonly kind: "for";
        readonly target: Target;
        readonly over: Expression;
        readonly test: Expression | undefined;
        readonly recursive: boolean;
        readonly body: Body;
        readonly otherwise: Body;
      }
    | { readonly kind: "set"; readonly target: Target; readonly value: Expression }
    | {
        readonly kind: "setBlock";
        readonly target: Target;
        readonly filters: readonly Applied[];
        readonly body: Body;
      }
    | { readonly kind: "filterBlock"; readonly filters: readonly Applied[]; readonly body: Body }
    | {
        readonly kind: "with";
        readonly values: readonly (readonly [Target, Expression])[];
        readonly body: Body;
      }
    | {
        readonly kind: "macro";
        readonly name: string;
        readonly parameters: readonly Parameter[];
        readonly body: Body;
      }
    | {
        readonly kind: "callBlock";
        readonly call: Expression;
        readonly parameters: readonly Parameter[];
        readonly body: Body;
      }
    | { readonly kind: "generation"; readonly body: Body }
    | { readonly kind: "break" | "continue" }
  );

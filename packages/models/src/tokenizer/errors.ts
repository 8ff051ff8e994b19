/** The errors of texts that a tokenizer cannot trace or a template cannot write. */
import { MlxterpError } from "@mlxterp/mlx";

/** A token whose text was not found again where it has to stand. */
export class TokenAlignmentError extends MlxterpError {
  readonly code = "TOKEN_ALIGNMENT";
  constructor(
    readonly token: string,
    /** The token's index. */
    readonly index: number,
    /** The text from where it was looked for. */
    readonly rest: string,
  ) {
    super(
      `Token ${index}, ${JSON.stringify(token)}, is not found at ${JSON.stringify(rest.slice(0, 20))}: this tokenizer changes texts in a way that offsets cannot follow. Use encode() and pieces(), which need none.`,
    );
  }
}

/** A conversation that cannot be written with the tokenizer's chat template. */
export class ChatTemplateError extends MlxterpError {
  readonly code = "CHAT_TEMPLATE";
  constructor(
    readonly reason: string,
    wayOut: string,
    options?: ErrorOptions,
    /** The line of the template where it went wrong, from 1. */
    readonly line?: number,
  ) {
    super(`${reason} ${wayOut}`, options);
  }
}

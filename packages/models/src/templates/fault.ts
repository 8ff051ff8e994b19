/** What goes wrong in a template: in what it says, in what it is given, or in how much it asks for. */

/** `template`: it says what no template may, or names what there is not; `limit`: it asks for too much; `raised`: it refuses by itself; `value`: an operation on a value that has it not. */
export type FaultKind = "template" | "limit" | "raised" | "value";

export class TemplateFault extends Error {
  /** The line of the template, from 1. */
  line: number | undefined;

  constructor(
    readonly kind: FaultKind,
    message: string,
  ) {
    super(message);
  }
}

export const wrongTemplate = (message: string) => new TemplateFault("template", message);
export const wrongValue = (message: string) => new TemplateFault("value", message);

/** The one forward of several invocations, and the readers that show each its own part. */
import { SiteNotReachedError } from "../errors.js";
import type { PassEngine } from "../pass/engine.js";
import type { Intervention, Interventions } from "../pass/intervention.js";
import type { Narrowing, SiteReader } from "../pass/reader.js";
import { axesOf } from "../sites/axes-of.js";
import type { Prompt, TokenBatch } from "../tokens/tokens.js";
import { joinInputs, type PromptInput } from "./inputs.js";
import { rowInterventions } from "./row-interventions.js";
import { type Place, regionOf, takeRegion } from "./rows.js";

/** What a batch trace asks of its model. */
export interface BatchHost {
  readonly model: object;
  readonly engine: PassEngine;
  /** Those of the model's view; they act on all rows, first. */
  readonly interventions: readonly Interventions[];
  readonly padToken: number;
  /** Of the module's forward, with what the model's view changes. */
  readonly forwardArguments: (tokens: TokenBatch, given: readonly unknown[]) => readonly unknown[];
  /** Tokenizes and checks a prompt. */
  readonly feed: (prompt: Prompt) => PromptInput;
}

/** An invocation, as the forward needs it. */
export interface Member {
  readonly input: PromptInput;
  readonly interventions: Interventions;
}

/** A forward that is ready to run; what it has found already can be read while it does. */
export interface SharedForward {
  /** One for each invocation. */
  readonly readers: readonly SiteReader[];
  readonly notes: readonly string[];
  run(): void;
  /** Lets go of every value. */
  release(): void;
}

/** @throws InvalidPromptError (`INVALID_PROMPT`) without any member */
export function prepareForward(
  { engine, interventions, padToken, forwardArguments }: BatchHost,
  members: readonly Member[],
  given: readonly unknown[],
): SharedForward {
  engine.tree.refresh();
  const inputs = members.map(({ input }) => input);
  const { array, tokens, places } = joinInputs(inputs, padToken);
  const programs = members.map(({ input, interventions }, index) =>
    rowInterventions(interventions, { place: places[index], tokens: input.tokens }),
  );
  const { reader, run } = engine.prepare({
    args: [array, ...(tokens ? forwardArguments(tokens, given) : given)],
    interventions: [...interventions, ...programs],
    facts: { tokens, offset: 0, step: undefined },
    wanted: undefined,
  });
  const owners = ownersOf(programs);
  return {
    readers: places.map((place, index) => reader.narrowed(ownPart(place, index, owners))),
    notes: reader.notes,
    run: () => void run(),
    release: () => reader.release(),
  };
}

/** Which invocation an intervention belongs to; none for those of the model's view. */
function ownersOf(programs: readonly Interventions[]): ReadonlyMap<Intervention, number> {
  const entries = programs.flatMap((program, index) =>
    Object.values(program)
      .flat()
      .map((intervention) => [intervention, index] as const),
  );
  return new Map(entries);
}

/** Shows an invocation's part of a value, once nothing can change that part any more. */
function ownPart(
  place: Place,
  index: number,
  owners: ReadonlyMap<Intervention, number>,
): Narrowing {
  return (site, { value, pending }) => {
    const changing = pending.some((intervention) => (owners.get(intervention) ?? index) === index);
    if (changing) {
      throw new SiteNotReachedError(
        site.name,
        "interventions have yet to act on this prompt's value there. Read it from a prompt invoked later, or at a later site; an intervention is given the value it acts on.",
      );
    }
    const { shape } = value;
    return takeRegion(
      value,
      regionOf({ site: site.name, axes: axesOf(site, value), shape }, place),
    );
  };
}

/** An argument that is made when the first call needs it, since some take a while and few calls need all. */

export class Later {
  #made: Promise<unknown> | undefined;
  constructor(readonly make: () => unknown) {}

  get(): Promise<unknown> {
    this.#made ??= Promise.resolve(this.make());
    return this.#made;
  }
}

export function later(make: () => unknown): Later {
  return new Later(make);
}

/** Arguments, some or all of which may be made later. */
export type Arguments = readonly unknown[] | Later;

/** The arguments themselves. */
export async function made(args: Arguments): Promise<unknown[]> {
  const list = args instanceof Later ? ((await args.get()) as readonly unknown[]) : args;
  return Promise.all(list.map((arg) => (arg instanceof Later ? arg.get() : arg)));
}

/** Views of a model that change something in every pass. */
import { checkOptions, checkText, type Module, type MxArray } from "@mlxterp/mlx";
import type { Anatomy } from "../anatomy/anatomy.js";
import { editedAnatomy, type ReadoutPass } from "../anatomy/edited-anatomy.js";
import {
  changesOf,
  checkEdits,
  type EditOptions,
  keptEdit,
  type ModelEdits,
  type NamedEdit,
} from "../edits/edit.js";
import type { EditsOn } from "../edits/edits-on.js";
import { engineFor, freeName, withoutEdit } from "../edits/view-of.js";
import { checkInterventions } from "../pass/intervention.js";
import { oneSite } from "../pass/reader.js";
import { shown } from "../shown.js";
import { FedModel, firstArray } from "./fed-model.js";
import { drawModel } from "./model-drawing.js";

export abstract class EditedModel<M extends Module> extends FedModel<M> {
  /**
   * A view of the same model with persistent interventions, or other modules; this one stays as it is. A subclass's
   * fields come along, except `#private` ones. Weights stay those of the original, and so do the
   * parts of its anatomy that no edit acts on.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`), InvalidEditError (`INVALID_EDIT`), EditNameError (`EDIT_NAME`) for a name
   * that another edit of this view has
   * @example
   * const steered = model.edit({ "layers.2": addVector(direction) }, { name: "steer" });
   * const shallow = steered.edit({ "layers.3": skip() });
   * shallow.withoutEdit("steer").edits.map(({ name }) => name); // ["edit2"]
   */
  edit<const E extends ModelEdits>(interventions: EditsOn<M, E>, options: EditOptions = {}): this {
    checkOptions<EditOptions>("edit", options, { name: checkText });
    checkInterventions("interventions", interventions);
    const { name = freeName(this.edits) } = options;
    return this.withEdits([{ name, interventions }]);
  }

  /**
   * A view with several edits after those of this one, such as `parseEdits` reads from a file.
   *
   * @throws what `edit` throws
   */
  withEdits(edits: readonly NamedEdit[]): this {
    checkEdits("edits", edits);
    return this.editedView([...this.edits, ...edits.map(keptEdit)]);
  }

  /**
   * A view without one of this view's edits.
   *
   * @throws EditNameError (`EDIT_NAME`) with the names there are; UnknownSiteError (`UNKNOWN_SITE`) when a later edit
   * acts inside a module that this one put in
   */
  withoutEdit(name: string): this {
    checkText("name", name);
    return this.editedView(withoutEdit(this.edits, name));
  }

  /** The model without any edit; itself where it has none. */
  get original(): this {
    return this.unedited ?? this;
  }

  override toString(): string {
    const names = this.edits.map(({ name }) => name).join(", ");
    return `[model ${this.name}${names && `, edited: ${names}`}]`;
  }

  /** Name and names of edits, for logs: weights stay where they are. */
  toJSON(): { model: string; edits: string[] } {
    return { model: this.name, edits: this.edits.map(({ name }) => name) };
  }

  [shown](): string {
    const { tree } = this.engine;
    tree.rescan(); // also what was added under a new name
    return drawModel(this.toString(), tree.root, this.anatomy);
  }

  private editedView(edits: readonly NamedEdit[]): this {
    const { edits: before, persistent, engine } = this;
    const current = { edits: before, persistent, engine };
    const edited = engineFor(this.module, current, edits);
    const view = Object.create(Object.getPrototypeOf(this), Object.getOwnPropertyDescriptors(this));
    const own = { ...edited, edits: Object.freeze([...edited.edits]), unedited: this.original };
    for (const [key, value] of Object.entries(own))
      Object.defineProperty(view, key, { value, configurable: true });
    const anatomy = edits.length > 0 ? view.anatomyUnder(edits) : this.original.anatomy;
    return Object.defineProperty(view, "anatomy", { value: anatomy, configurable: true });
  }

  /** What the edits make of the parts that read a residual stream out; decided when one of them is first used. */
  private anatomyUnder(edits: readonly NamedEdit[]): Anatomy {
    return editedAnatomy(this.original.anatomy, {
      edited: () =>
        edits.flatMap(changesOf).flatMap(({ selector }) => {
          return this.engine.resolver.resolve(selector).map(({ name }) => name);
        }),
      has: (path) => this.engine.tree.byPath.has(path),
      read: (pass) => this.readOut(pass),
    });
  }

  /** @internal A value of a pass that begins with tokens of which nothing is read. */
  private readOut({ ids, before = {}, after = {}, site }: ReadoutPass): MxArray {
    const { array, tokens, args } = this.prepare(ids, {});
    const { reader, result } = this.engine.observe({
      args: [array, ...args],
      interventions: [before, ...this.persistent, after],
      facts: { tokens, offset: 0, step: undefined },
      wanted: site === undefined ? [] : [oneSite(this.engine.resolver, site)],
    });
    const value = site === undefined ? firstArray(result) : reader.one(reader.site(site));
    reader.release();
    return value;
  }
}

/** Views of a model that change something in every pass. */
import { checkOptions, checkText, type Module } from "@mlxterp/mlx";
import { checkEdits, type EditOptions, type ModelEdits, type NamedEdit } from "../edits/edit.js";
import type { EditsOn } from "../edits/edits-on.js";
import { engineFor, freeName, withoutEdit } from "../edits/view-of.js";
import { checkInterventions } from "../pass/intervention.js";
import { shown } from "../shown.js";
import { FedModel } from "./fed-model.js";
import { drawModel } from "./model-drawing.js";

export abstract class EditedModel<M extends Module> extends FedModel<M> {
  /**
   * A view of the same model with persistent interventions, or other modules; this one stays as it is. A subclass's
   * fields come along, except `#private` ones. Anatomy and weights stay those of the original.
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
    return this.editedView([...this.edits, ...edits]);
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
    const own = { ...edited, unedited: this.original };
    for (const [key, value] of Object.entries(own)) Object.defineProperty(view, key, { value });
    return view;
  }
}

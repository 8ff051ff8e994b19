/** What the modules of a tree say of their sites, by canonical name, and the sites by what others call them. */
import type { Axes } from "../axes.js";
import { isContainer, type ModuleNode, type Segment } from "../tree/module-node.js";
import type { ModuleTree } from "../tree/module-tree.js";
import { hooksOf, notesOf, type SiteNote } from "../tree/site-notes.js";
import { Tap } from "../tree/tap.js";
import { inputPort, outputPort, type Port } from "./selector.js";
import { siteName } from "./site.js";

/** Another library's name of a site; it keeps the length of a list, so that places can be counted from its end. */
export type OtherName = readonly Segment[];

/** A site that has another name. */
export interface NamedPlace {
  readonly name: OtherName;
  readonly node: ModuleNode;
  readonly port: Port;
}

export class DescribedSites {
  private readonly notes = new Map<string, Pick<SiteNote, "holds" | "axes">>();
  private readonly byOther = new Map<string, NamedPlace>();
  private readonly others = new Map<string, OtherName[]>();

  constructor(private readonly tree: ModuleTree) {
    for (const node of tree.nodes) this.describe(node);
    this.name(tree.root, []);
  }

  /** One sentence about what a site holds, where its module says it. */
  holds(site: string): string | undefined {
    return this.notes.get(site)?.holds;
  }

  /** The axes of a site whose module does not say them itself. */
  axes(site: string): Axes | undefined {
    return this.notes.get(site)?.axes;
  }

  /** What others call a site. */
  otherNames(site: string): readonly OtherName[] {
    return this.others.get(site) ?? [];
  }

  /** Every site that others have a name for. */
  get named(): NamedPlace[] {
    return [...this.byOther.values()];
  }

  private describe(node: ModuleNode): void {
    const own = originalModule(node);
    if (own instanceof Tap) this.notes.set(siteName(node, outputPort), { holds: own.holds });
    for (const [place, note] of notesOf(own)) {
      for (const { node: at, port } of this.places(node, place)) {
        this.notes.set(siteName(at, port), note);
      }
    }
  }

  /** Gives names to what is below a node; where two sites have the same, the first in the tree is meant. */
  private name(node: ModuleNode, before: OtherName): void {
    for (const slot of node.slots.values()) {
      const tap = isContainer(slot) ? undefined : originalModule(slot);
      if (isContainer(slot) || !(tap instanceof Tap)) continue;
      for (const hook of hooksOf(tap)) this.add([...before, ...parts(hook)], slot, outputPort);
    }
    for (const [place, note] of notesOf(originalModule(node))) {
      for (const found of this.places(node, place)) this.nameNoted(found, note, before);
    }
  }

  private nameNoted({ node, port, index }: Place, note: SiteNote, before: OtherName): void {
    for (const hook of hooksOf(note)) this.add([...before, ...parts(hook)], node, port);
    if (note.inside === undefined) return;
    const inside = parts(note.inside).map((part) => (part.key === "*" && index ? index : part));
    this.name(node, [...before, ...inside]);
  }

  private add(name: OtherName, node: ModuleNode, port: Port): void {
    const text = otherNameText(name);
    if (this.byOther.has(text)) return;
    this.byOther.set(text, { name, node, port });
    const site = siteName(node, port);
    this.others.set(site, [...(this.others.get(site) ?? []), name]);
  }

  /** The sites that a note is about; none where the module has no such part. */
  private places(node: ModuleNode, place: string): Place[] {
    if (place === "input" || place === "output") return [{ node, port: portOf(place) }];
    const [, path, kind] = /^(.*?)(?:\.(input|output))?$/.exec(place) ?? [];
    const port = portOf(kind);
    const [list, star] = path.split(/\.(\*)$/);
    const at = (way: string) =>
      this.tree.byPath.get(node.path === "" ? way : `${node.path}.${way}`);
    const found: Place[] = [];
    if (!star) return [at(path)].flatMap((child) => (child ? [{ node: child, port }] : []));
    for (let index = 0, child = at(`${list}.0`); child; child = at(`${list}.${++index}`)) {
      found.push({ node: child, port, index: child.segments.at(-1) });
    }
    return found;
  }
}

interface Place {
  readonly node: ModuleNode;
  readonly port: Port;
  /** Which member of a list it is. */
  readonly index?: Segment;
}

/** What stood there before an edit: the names of a place outlast what is put into it. */
function originalModule({ module, standsFor }: ModuleNode) {
  return standsFor ?? module;
}

function portOf(kind: string | undefined): Port {
  return kind === "input" ? inputPort : outputPort;
}

function parts(text: string): Segment[] {
  return text.split(".").map((key) => ({ key, listLength: 0 }));
}

/** `blocks.0.attn.hook_q` */
export function otherNameText(name: OtherName): string {
  return name.map(({ key }) => key).join(".");
}

/** A graph in columns: pan and zoom, pin nodes, join several into one, and leave weak edges out. */
import { formatNumber, type GraphBlock } from "@mlxterp/results";
import { useMemo, useRef, useState } from "preact/hooks";
import { layeredPlaces, type Place } from "../../layout/layered.js";
import { Figure } from "../parts/figure.js";
import { type Groups, joined, pruned } from "../parts/graph-parts.js";
import { nodeAt, paintGraph, spacing, type Viewpoint } from "../parts/paint-graph.js";
import type { ViewProps } from "../parts/selection.js";
import { contextOf, usePaint, useWidth } from "../parts/use-canvas.js";
import { useTheme } from "../parts/use-theme.js";

const height = 520;
/** Edges that are shown at first, at most. */
const readable = 600;

interface Drag {
  readonly id: string | undefined;
  readonly x: number;
  readonly y: number;
  readonly moved: boolean;
}

export function GraphView({ block, onSelect }: ViewProps<GraphBlock>) {
  const theme = useTheme();
  const stage = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const room = useWidth(stage);
  const [groups, setGroups] = useState<Groups>([]);
  const whole = useMemo(() => joined(block, groups), [block, groups]);
  const [kept, setKept] = useState(Math.min(readable, block.edges.length));
  const shown = useMemo(() => pruned(whole, kept), [whole, kept]);
  const laid = useMemo(() => layeredPlaces(shown.nodes, shown.edges, spacing), [shown]);
  const [pins, setPins] = useState<ReadonlyMap<string, Place>>(new Map());
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [pointed, setPointed] = useState<string>();
  const [moved, setMoved] = useState<Viewpoint>();
  const drag = useRef<Drag | undefined>(undefined);
  const places = useMemo(() => new Map([...laid, ...[...pins].filter(([id]) => laid.has(id))]), [laid, pins]); // biome-ignore format: one map
  const fitting = useMemo(() => fit(places, room), [places, room]);
  const view = moved ?? fitting;
  const graph = { ...shown, places };
  const centre = pointed ?? chosen.at(-1);

  usePaint(() => {
    if (!canvas.current || room === 0) return;
    const context = contextOf(canvas.current, room, height);
    if (context) paintGraph(context, { graph, view, theme, centre, chosen, pins, room: { width: room, height } }); // biome-ignore format: one call
  });

  const local = (event: MouseEvent): Place => {
    const box = canvas.current?.getBoundingClientRect();
    return { x: (event.clientX - (box?.left ?? 0) - view.x) / view.zoom, y: (event.clientY - (box?.top ?? 0) - view.y) / view.zoom }; // biome-ignore format: one place
  };
  const choose = (id: string, more: boolean) => {
    setChosen(more ? (chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]) : [id]); // biome-ignore format: one choice
    onSelect?.({ block, node: id });
  };
  const zoomBy = (factor: number, x = room / 2, y = height / 2) => {
    const zoom = Math.max(0.05, Math.min(4, view.zoom * factor));
    const by = zoom / view.zoom;
    setMoved({ zoom, x: x - (x - view.x) * by, y: y - (y - view.y) * by });
  };
  const onDown = (event: PointerEvent) => {
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    drag.current = {
      id: nodeAt(graph, local(event)),
      x: event.clientX,
      y: event.clientY,
      moved: false,
    };
  };
  const onMove = (event: PointerEvent) => {
    const held = drag.current;
    if (!held) return setPointed(nodeAt(graph, local(event)));
    const [across, down] = [event.clientX - held.x, event.clientY - held.y];
    if (!held.moved && Math.hypot(across, down) < 4) return;
    drag.current = { ...held, x: event.clientX, y: event.clientY, moved: true };
    if (held.id === undefined) return setMoved({ ...view, x: view.x + across, y: view.y + down });
    const now = places.get(held.id);
    if (now) setPins(new Map([...pins, [held.id, { x: now.x + across / view.zoom, y: now.y + down / view.zoom }]])); // biome-ignore format: one call
  };
  const onUp = (event: PointerEvent) => {
    const held = drag.current;
    drag.current = undefined;
    if (!held || held.moved) return;
    if (held.id !== undefined) choose(held.id, event.shiftKey);
    else setChosen([]);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "+" || event.key === "-") return zoomBy(event.key === "+" ? 1.25 : 0.8);
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (centre) choose(centre, event.shiftKey);
      return;
    }
    const next = beside(graph, centre, event.key);
    if (next === undefined) return;
    event.preventDefault();
    setPointed(next);
  };
  const group = () => {
    setGroups([...groups, { id: `group ${groups.length + 1}`, members: chosen }]);
    setChosen([]);
  };
  return (
    <Figure
      kind="graph"
      title={block.title}
      subtitle={block.subtitle}
      reading={
        centre
          ? readingOf(graph, centre)
          : `${shown.nodes.length} of ${whole.nodes.length} nodes, ${shown.edges.length} of ${whole.edges.length} edges`
      }
    >
      <div class="mi-controls">
        <label class="mi-control">
          strongest {kept} edges
          <input
            type="range"
            min="1"
            max={Math.max(1, whole.edges.length)}
            value={kept}
            onInput={(event) => setKept(Number(event.currentTarget.value))}
          />
        </label>
        <button type="button" class="mi-button" onClick={() => zoomBy(1.25)}>
          closer
        </button>
        <button type="button" class="mi-button" onClick={() => zoomBy(0.8)}>
          farther
        </button>
        <button type="button" class="mi-button" onClick={() => setMoved(undefined)}>
          all
        </button>
        <button type="button" class="mi-button" disabled={chosen.length < 2} onClick={group}>
          join chosen
        </button>
        <button
          type="button"
          class="mi-button"
          disabled={groups.length === 0}
          onClick={() => setGroups(groups.slice(0, -1))}
        >
          part again
        </button>
        <button
          type="button"
          class="mi-button"
          disabled={pins.size === 0}
          onClick={() => setPins(new Map())}
        >
          unpin
        </button>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a picture that takes keys is no fieldset */}
      <div
        class="mi-stage mi-graph-stage"
        ref={stage}
        role="group"
        aria-roledescription="graph"
        aria-label={`${block.title}: ${shown.nodes.length} nodes. Left and right follow the strongest edge, up and down stay in a column, Enter chooses, + and − zoom.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: nodes are reached by keys
        tabIndex={0}
        onKeyDown={onKey}
        onPointerDown={onDown}
        onPointerMove={onMove}
        onPointerUp={onUp}
        onPointerLeave={() => setPointed(undefined)}
        onWheel={(event) => {
          if (!event.ctrlKey && !event.altKey) return;
          event.preventDefault();
          const box = canvas.current?.getBoundingClientRect();
          zoomBy(
            event.deltaY < 0 ? 1.12 : 0.89,
            event.clientX - (box?.left ?? 0),
            event.clientY - (box?.top ?? 0),
          );
        }}
      >
        <canvas ref={canvas} />
      </div>
    </Figure>
  );
}

/** Everything in sight, no larger than life. */
function fit(places: ReadonlyMap<string, Place>, room: number): Viewpoint {
  let [right, bottom] = [1, 1];
  for (const { x, y } of places.values()) {
    right = Math.max(right, x + spacing.column);
    bottom = Math.max(bottom, y + spacing.row);
  }
  const zoom = Math.max(0.05, Math.min(1.1, (room - 24) / right, (height - 24) / bottom));
  return {
    zoom,
    x: 12 + (spacing.column / 2) * zoom,
    y: (height - (bottom - spacing.row) * zoom) / 2,
  };
}

type Laid = Pick<GraphBlock, "nodes" | "edges"> & { readonly places: ReadonlyMap<string, Place> };

/** Left and right follow the strongest edge; up and down go to the next in the column. */
function beside(graph: Laid, id: string | undefined, key: string): string | undefined {
  if (!key.startsWith("Arrow")) return undefined;
  if (id === undefined) return graph.nodes[0]?.id;
  const along = key === "ArrowLeft" ? "to" : key === "ArrowRight" ? "from" : undefined;
  if (along) {
    const tied = graph.edges.filter((edge) => edge[along] === id);
    const best = tied.reduce((a, b) => (Math.abs(b.weight) > Math.abs(a?.weight ?? 0) ? b : a), tied[0]); // biome-ignore format: one choice
    return best?.[along === "to" ? "from" : "to"];
  }
  const here = graph.places.get(id);
  const column = graph.nodes
    .flatMap((node) => ({ id: node.id, ...graph.places.get(node.id)! }))
    .filter(({ x }) => x === here?.x)
    .sort((a, b) => a.y - b.y);
  const at = column.findIndex((node) => node.id === id);
  return column[at + (key === "ArrowUp" ? -1 : 1)]?.id;
}

function readingOf({ nodes, edges }: Laid, id: string): string {
  const names = new Map(nodes.map((node) => [node.id, node.label]));
  const list = (side: "from" | "to", other: "from" | "to") =>
    edges
      .filter((edge) => edge[side] === id)
      .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
      .slice(0, 3)
      .map((edge) => `${names.get(edge[other])} ${formatNumber(edge.weight)}`)
      .join(", ") || "nothing";
  return `${names.get(id)}: from ${list("to", "from")}; to ${list("from", "to")}`;
}

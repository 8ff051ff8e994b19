/** All methods, by name; the list is the server's. */
import { useState } from "preact/hooks";
import { generateTool } from "../state/tools.js";
import { usePage } from "./context.js";

export function ToolRail() {
  const { explorer } = usePage();
  const [wanted, setWanted] = useState("");
  const isWanted = (words: string) => words.toLowerCase().includes(wanted.trim().toLowerCase());
  const found = explorer.methods.value.filter(({ name, title, summary }) =>
    isWanted(`${name} ${title} ${summary}`),
  );
  const choose = (name: string) => {
    explorer.open(name);
    document.getElementById("stage")?.focus({ preventScroll: true });
  };
  return (
    <nav class="rail" aria-label="Methods">
      <input
        id="find-method"
        type="search"
        aria-label="Find a method"
        placeholder="Find a method  /"
        value={wanted}
        onInput={(event) => setWanted(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && found[0]) choose(found[0].name);
        }}
      />
      <ul>
        {isWanted("generate continue text") && (
          <Tool
            name={generateTool}
            title="Generate"
            hint="plain and changed, side by side"
            choose={choose}
          />
        )}
        {found.map(({ name, title, summary }) => (
          <Tool key={name} name={name} title={title} hint={summary} choose={choose} />
        ))}
      </ul>
      {found.length === 0 && wanted !== "" && <p class="hint">No method is called that.</p>}
    </nav>
  );
}

interface ToolProps {
  readonly name: string;
  readonly title: string;
  readonly hint: string;
  choose(name: string): void;
}

function Tool({ name, title, hint, choose }: ToolProps) {
  const { explorer } = usePage();
  const isOpen = explorer.tool.value === name;
  return (
    <li>
      <button
        type="button"
        title={hint}
        aria-current={isOpen ? "page" : undefined}
        onClick={() => choose(name)}
      >
        {title}
      </button>
    </li>
  );
}

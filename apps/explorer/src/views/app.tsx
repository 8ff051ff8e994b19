/** The page: methods on the left, the prompt and its pictures in the middle, what one does on the right. */
import { useEffect, useMemo } from "preact/hooks";
import type { Explorer } from "../state/explorer.js";
import { Here } from "../state/here.js";
import { generateTool } from "../state/tools.js";
import { AnswerCard } from "./answer-card.js";
import { ChangesCard } from "./changes-card.js";
import { PageContext } from "./context.js";
import { GeneratePanel } from "./generate-panel.js";
import { HereCard } from "./here-card.js";
import { HistoryCard } from "./history-card.js";
import { onShortcut } from "./keys.js";
import { MethodPanel } from "./method-panel.js";
import { PromptCard } from "./prompt-card.js";
import { ToolRail } from "./tool-rail.js";
import { TopBar } from "./top-bar.js";

export function App({ explorer }: { readonly explorer: Explorer }) {
  const here = useMemo(() => new Here(explorer), [explorer]);
  const state = useMemo(() => ({ explorer, here }), [explorer, here]);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onShortcut(event, explorer);
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [explorer]);
  const isReady = explorer.capabilities.value !== undefined;
  return (
    <PageContext.Provider value={state}>
      <a class="skip" href="#stage">
        To the pictures
      </a>
      <TopBar />
      <div class="page">
        <ToolRail />
        <main id="stage" class="stage" tabIndex={-1}>
          {explorer.problem.value && !isReady && (
            <p class="problem" role="alert">
              {explorer.problem.value}
            </p>
          )}
          {isReady && <PromptCard />}
          {isReady && (explorer.tool.value === generateTool ? <GeneratePanel /> : <MethodPanel />)}
        </main>
        <aside class="bench" aria-label="What is changed, and what comes of it">
          <AnswerCard />
          <ChangesCard />
          <HereCard />
          <HistoryCard />
        </aside>
      </div>
    </PageContext.Provider>
  );
}

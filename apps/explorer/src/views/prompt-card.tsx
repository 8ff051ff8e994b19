/** The prompt as it is written, and as it is fed: a text or a chat, and its tokens. */
import { visibleToken } from "@mlxterp/results";
import type { Message } from "../state/document.js";
import { usePage } from "./context.js";

export function PromptCard() {
  const { explorer } = usePage();
  const { prompt } = explorer.desk.value;
  const model = explorer.model.value;
  const setMode = (mode: "text" | "chat") =>
    explorer.act(`Write a ${mode}`, { prompt: { ...prompt, mode } });
  return (
    <section class="card prompt" aria-labelledby="prompt-title">
      <div class="card-head">
        <h2 id="prompt-title">Prompt</h2>
        {model?.chat && (
          <fieldset class="choice" aria-label="How the prompt is written">
            <button
              type="button"
              aria-pressed={prompt.mode === "text"}
              onClick={() => setMode("text")}
            >
              Text
            </button>
            <button
              type="button"
              aria-pressed={prompt.mode === "chat"}
              onClick={() => setMode("chat")}
            >
              Chat
            </button>
          </fieldset>
        )}
      </div>
      {prompt.mode === "chat" ? <Chat /> : <Text />}
      <TokensFed />
    </section>
  );
}

function Text() {
  const { explorer } = usePage();
  const { prompt } = explorer.desk.value;
  return (
    <textarea
      class="writing"
      aria-label="Prompt"
      rows={1}
      spellcheck={false}
      placeholder="Write something for the model to read"
      value={prompt.text}
      onInput={(event) => {
        const text = event.currentTarget.value;
        explorer.act(`Write “${text.slice(-40)}”`, { prompt: { ...prompt, text } }, "prompt");
      }}
    />
  );
}

function Chat() {
  const { explorer } = usePage();
  const { prompt } = explorer.desk.value;
  const { messages } = prompt;
  const set = (next: readonly Message[], merge?: string) =>
    explorer.act("Write a turn", { prompt: { ...prompt, messages: next } }, merge);
  const change = (at: number, part: Partial<Message>) =>
    set(
      messages.map((one, index) => (index === at ? { ...one, ...part } : one)),
      `turn ${at}`,
    );
  return (
    <div class="chat">
      {messages.map(({ role, content }, at) => (
        <div class={`turn turn-${role}`} key={`${at}`}>
          <select
            aria-label={`Who speaks in turn ${at + 1}`}
            value={role}
            onChange={(event) => change(at, { role: event.currentTarget.value as Message["role"] })}
          >
            <option>system</option>
            <option>user</option>
            <option>assistant</option>
          </select>
          <textarea
            class="writing"
            rows={1}
            aria-label={`Turn ${at + 1}`}
            value={content}
            onInput={(event) => change(at, { content: event.currentTarget.value })}
          />
          {messages.length > 1 && (
            <button
              type="button"
              class="quiet"
              onClick={() => set(messages.filter((_, index) => index !== at))}
            >
              Remove
            </button>
          )}
        </div>
      ))}
      <button
        type="button"
        class="quiet"
        onClick={() =>
          set([
            ...messages,
            { role: messages.at(-1)?.role === "user" ? "assistant" : "user", content: "" },
          ])
        }
      >
        Add a turn
      </button>
    </div>
  );
}

function TokensFed() {
  const { explorer, here } = usePage();
  const tokens = explorer.tokens.value;
  const swaps = new Map(
    explorer.desk.value.changes.flatMap((one) => (one.kind === "swap" && one.on ? [[one.position, one.token.text]] : [])), // biome-ignore format: one map
  );
  const place = here.place.value;
  if (tokens.length === 0) return <p class="hint">No tokens yet.</p>;
  return (
    <div class="fed">
      <ol class="tokens" aria-label={`${tokens.length} tokens as fed`}>
        {tokens.map(({ id, text, position, unknown }) => (
          <li key={position}>
            <button
              type="button"
              class={`${unknown ? "unknown " : ""}${swaps.has(position) ? "swapped" : ""}`}
              title={`position ${position}, id ${id}${unknown ? ", not in the vocabulary" : ""}`}
              aria-pressed={place?.position === position}
              onClick={() => here.at({ position })}
            >
              {visibleToken(text)}
              {swaps.has(position) && <ins>{visibleToken(swaps.get(position)!)}</ins>}
            </button>
          </li>
        ))}
      </ol>
      <span class="count">{tokens.length} tokens</span>
    </div>
  );
}

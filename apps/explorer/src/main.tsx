/** Begins the page. */
import { interactiveStyles } from "@mlxterp/viz/interactive";
import { render } from "preact";
import { serverApi } from "./api/server-api.js";
import { Explorer } from "./state/explorer.js";
import "./styles/fonts.css";
import "./styles/page.css";
import { browserKeep } from "./timeline/keep.js";
import { App } from "./views/app.js";
import { applyTheme } from "./views/theme.js";

const pictures = document.createElement("style");
pictures.textContent = interactiveStyles;
document.head.append(pictures);
applyTheme();
const explorer = new Explorer(serverApi(), browserKeep());
render(<App explorer={explorer} />, document.getElementById("page")!);
const wanted = new URLSearchParams(location.search).get("model") ?? undefined;
void explorer.start(wanted).catch((error: Error) => {
  explorer.problem.value = error.message;
});

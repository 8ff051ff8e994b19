/** Begins the page. */
import { render } from "preact";
import { httpApi } from "./api/http-api.js";
import { Explorer } from "./state/explorer.js";
import "./styles/fonts.css";
import "./styles/page.css";
import { browserKeep } from "./timeline/keep.js";
import { App } from "./views/app.js";
import { applyTheme } from "./views/theme.js";

applyTheme();
const explorer = new Explorer(httpApi(), browserKeep());
render(<App explorer={explorer} />, document.getElementById("page")!);
void explorer.start().catch((error: Error) => {
  explorer.problem.value = error.message;
});

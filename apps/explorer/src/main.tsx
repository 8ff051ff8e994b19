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
// behind a server that asks for one, the token comes in the address, in the part that is never sent
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? undefined;
const explorer = new Explorer(serverApi({ token }), browserKeep());
render(<App explorer={explorer} />, document.getElementById("page")!);
const wanted = new URLSearchParams(location.search).get("model") ?? undefined;
// what was asked for is done once; a page that is loaded again goes on with what is on its desk
history.replaceState(null, "", location.pathname + location.hash);
void explorer.start(wanted).catch((error: Error) => {
  explorer.problem.value = error.message;
});

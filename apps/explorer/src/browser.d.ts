/** What this program knows of its surroundings: a browser, and Vite's stylesheets. */
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/// <reference types="vite/client" />

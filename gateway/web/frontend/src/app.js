// What the screens do beyond plain pages: live news, drafts, shortcuts. Reading and sending also work without it.
import htmx from "htmx.org";
import "htmx-ext-sse";
import { Idiomorph } from "idiomorph/htmx";
import { keepDrafts } from "./drafts.js";
import { bindKeys } from "./keys.js";
import { dropLate } from "./late.js";
import { listen } from "./live.js";
import { keepPlace } from "./place.js";
import { keepSelection } from "./selection.js";

window.htmx = htmx;

// What a person unfolded or typed stays so when a part of the screen is refreshed.
Idiomorph.defaults.ignoreActiveValue = true;
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name === "open" && node.tagName === "DETAILS");

dropLate();
keepSelection();
keepPlace();
listen();
keepDrafts();
bindKeys();

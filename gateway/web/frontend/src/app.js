import htmx from "htmx.org";
import "htmx-ext-sse";
import "idiomorph/htmx";
window.htmx = htmx;

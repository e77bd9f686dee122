// Bundles the scripts and styles of the screens into ../static. Run by the package's build hook (hatch_build.py).
import { build } from "esbuild";
import { copyFile, mkdir } from "node:fs/promises";

const out = new URL("../static/", import.meta.url).pathname;
await mkdir(out, { recursive: true });
await build({
  entryPoints: ["src/app.js", "src/app.css"],
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022", "chrome115", "firefox115", "safari16.4"],
  outdir: out,
  legalComments: "linked",
  logLevel: "warning",
});
for (const picture of ["icons.svg", "mark.svg"]) {
  await copyFile(`src/${picture}`, out + picture);
}

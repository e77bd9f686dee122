// Talking to the sandbox: JSON calls, live events, and small helpers for making elements.

export async function call(name, data) {
  try {
    const response = await fetch(`api/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(data),
    });
    return await response.json();
  } catch (error) {
    return { error: String(error), accepted: false };
  }
}

export async function look(name) {
  const response = await fetch(`api/${name}`);
  return response.json();
}

export async function readFile(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let start = 0; start < bytes.length; start += 32768) binary += String.fromCharCode(...bytes.subarray(start, start + 32768));
  return { filename: file.name, media_type: file.type || "application/octet-stream", base64: btoa(binary) };
}

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null && child !== ""));
  return element;
}

export function icon(name, extra = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  if (extra) svg.setAttribute("class", extra);
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export function toast(text, isBad = false) {
  const shown = make("p", { class: isBad ? "toast bad" : "toast", dir: "auto" }, text);
  document.getElementById("toasts").append(shown);
  setTimeout(() => shown.remove(), isBad ? 8000 : 3000);
}

// What went wrong, in one line: the status of an answer tells more than its page.
export const trouble = (answer) => (answer.status ? `HTTP ${answer.status}` : answer.error || "");

// A link is made only of what is surely a web address; anything else stays text.
export const isWebLink = (text) => /^https?:\/\//i.test(text || "");

// Everything said so far, kept in step with the sandbox by server-sent events.

import { look } from "./api.js";

const KEPT = 1500;

export class Store extends EventTarget {
  constructor() {
    super();
    this.messages = new Map();
    this.state = { numbers: {}, notes: [], faults: [], rules: {}, kinds: [], providers: [] };
    this.isLive = false;
  }

  async start() {
    await this.reload();
    const events = new EventSource("events");
    let wasOpen = false;
    events.onopen = () => {
      this.setLive(true);
      if (wasOpen) this.reload();
      wasOpen = true;
    };
    events.onerror = () => this.setLive(false);
    events.addEventListener("message", (event) => this.put(JSON.parse(event.data)));
    events.addEventListener("reload", () => this.reload());
    events.addEventListener("note", (event) => {
      const note = JSON.parse(event.data).text;
      this.state.notes = [...this.state.notes, note].slice(-200);
      this.tell("note", note);
    });
    events.addEventListener("typing", (event) => this.tell("typing", JSON.parse(event.data)));
  }

  async reload() {
    const [state, listed] = await Promise.all([look("state"), look("messages?limit=1000")]);
    this.state = state;
    this.messages = new Map(listed.messages.map((message) => [message.id, message]));
    this.tell("state");
    this.tell("messages");
  }

  put(message) {
    this.messages.set(message.id, message);
    if (this.messages.size > KEPT) this.messages.delete(this.messages.keys().next().value);
    this.schedule();
  }

  schedule() {
    if (this.waiting) return;
    this.waiting = true;
    setTimeout(() => {
      this.waiting = false;
      this.tell("messages");
    }, 30);
  }

  of(channel, addresses) {
    const wanted = new Set(addresses.filter(Boolean).map((address) => address.toLowerCase()));
    return [...this.messages.values()].filter(
      (message) => message.channel === channel && wanted.has(message.customer.toLowerCase()),
    );
  }

  setLive(isLive) {
    this.isLive = isLive;
    this.tell("live");
  }

  tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}

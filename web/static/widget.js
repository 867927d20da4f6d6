// <needlepoint-chat>: the clinic's chat, for any page.
//
//   <script src="https://clinic.example/static/widget.js" defer></script>
//   <needlepoint-chat label="Ask us" clinic="Linden Skin Clinic" phone="+1 202-555-0143"></needlepoint-chat>
//
// Attributes: server (where the chat lives; by default where this script came from), open, label
// (the launcher's words), clinic (the dialog's title), phone (offered when the chat can't be reached),
// privacy (the notice's address; by default /privacy on the server).
// Methods: show(), close(), ask(question). Colours: --needlepoint-accent, -ink, -paper, -tint, -soft.
//
// Everything that is not written in this file reaches the page as text, never as markup.
"use strict";

(() => {
  const SCRIPT_ORIGIN = new URL(document.currentScript?.src || location.href, location.href).origin;
  const LONGEST_TEXT = 1000; // the server's limit, in code points
  const COUNT_FROM = 850;
  const TIMEOUT_MS = 25_000;
  const LONGEST_WAIT_S = 120;
  const AUTOMATIC_RETRIES = 3;
  const PHONE = "(max-width: 600px)";

  const WORDS = {
    launcher: "Ask us",
    title: "Ask the clinic",
    subtitle: "Answers our clinic has approved",
    placeholder: "Type your question",
    field: "Your message",
    send: "Send",
    close: "Close the chat",
    restart: "Start over",
    privacy: "Privacy",
    log: "Conversation",
    you: "You:",
    clinic: "Clinic:",
    typing: "Looking for the answer",
    source: "From our article:",
    newTab: "(opens in a new tab)",
    helpful: "Was this helpful?",
    up: "Yes, this helped",
    down: "No, this did not help",
    thanks: "Thank you",
    feedbackFailed: "That did not get through. Please try again.",
    notSent: "Not sent",
    newConversation: "Your earlier conversation has ended, so this is a new one.",
    offline: "You are offline. We will carry on as soon as you are back.",
    unreachable: "We could not reach the clinic just now.",
    busy: "The chat is busy just now.",
    orCall: "Or call",
    retry: "Try again",
    waiting: "Trying again shortly.",
    retrying: (n) => `Trying again in ${n} s`,
    unread: "New answer",
    left: (n) => `${n} character${n === 1 ? "" : "s"} left`,
    over: (n) => `${n} character${n === 1 ? "" : "s"} too many`,
  };

  const ICONS = {
    chat: "M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.5v8a2.5 2.5 0 0 1-2.5 2.5H11l-5 4.5V16a2 2 0 0 1-2-2Z",
    close: "M6 6l12 12M18 6L6 18",
    send: "M12 19V5M6 11l6-6 6 6",
    article: "M6 3h8l4 4v14H6ZM14 3v4h4M9 12h6M9 16h6",
    up: "M7 11v9H4v-9ZM7 11l4-8c1.7 0 2.5 1.2 2.2 2.8L12.6 9H18a2 2 0 0 1 2 2.4l-1.3 7A2 2 0 0 1 16.7 20H7",
    down: "M7 13V4H4v9ZM7 13l4 8c1.7 0 2.5-1.2 2.2-2.8L12.6 15H18a2 2 0 0 0 2-2.4l-1.3-7A2 2 0 0 0 16.7 4H7",
  };

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host {
      all: initial;
      --accent: var(--needlepoint-accent, #6e1f3e);
      --ink: var(--needlepoint-ink, #2b1822);
      --paper: var(--needlepoint-paper, #fffaf6);
      --tint: var(--needlepoint-tint, #f8e4dc);
      --soft: var(--needlepoint-soft, #664c5a);
      --line: color-mix(in srgb, var(--accent) 20%, var(--paper));
      --serif: "Iowan Old Style", "Palatino Nova", Palatino, "Palatino Linotype", "Book Antiqua", "Times New Roman", serif;
      font: 400 16px/1.5 "Avenir Next", Avenir, "Segoe UI", "Helvetica Neue", Helvetica, Arial, sans-serif;
      color: var(--ink);
    }
    :host([hidden]), [hidden] { display: none !important; }
    *, *::before, *::after { box-sizing: border-box; }
    button, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
    button { cursor: pointer; }
    svg { display: block; width: 1.375em; height: 1.375em; flex: none; fill: none; stroke: currentcolor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
    p, h2 { margin: 0; }
    :focus-visible { outline: 3px solid color-mix(in srgb, var(--accent) 72%, #fff); outline-offset: 2px; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

    .launcher {
      position: fixed; right: max(24px, env(safe-area-inset-right)); bottom: max(24px, env(safe-area-inset-bottom)); z-index: 2147483000;
      display: inline-flex; align-items: center; gap: .625em; min-height: 3.5em; padding: .75em 1.5em .75em 1.25em;
      border: 2px solid var(--paper); border-radius: 99em; background: var(--accent); color: var(--paper); font-weight: 600;
      box-shadow: 0 10px 30px -8px rgb(43 24 34 / .5); transition: transform .18s, background-color .15s;
    }
    .launcher:hover { transform: translateY(-2px); background: color-mix(in srgb, var(--accent) 82%, #000); }
    .badge { display: inline-block; width: .75em; height: .75em; border-radius: 50%; background: #e8b64c; }

    .panel {
      position: fixed; inset: auto max(24px, env(safe-area-inset-right)) max(24px, env(safe-area-inset-bottom)) auto; z-index: 2147483001;
      width: 408px; max-width: calc(100vw - 32px); height: min(680px, calc(100dvh - 48px)); max-height: none; margin: 0; padding: 0;
      border: 1px solid var(--line); border-radius: 22px; background: var(--paper); color: var(--ink); overflow: hidden;
      box-shadow: 0 30px 70px -20px rgb(43 24 34 / .45), 0 4px 14px rgb(43 24 34 / .1);
    }
    .panel[open] { display: flex; flex-direction: column; animation: rise .22s cubic-bezier(.2, .7, .2, 1); }
    .panel::backdrop { background: transparent; }
    .panel:focus { outline: none; }
    @keyframes rise { from { opacity: 0; transform: translateY(14px); } }

    .head { position: relative; display: flex; align-items: flex-start; gap: 12px; padding: 18px 14px 26px 22px; background: var(--tint); }
    .head::after { content: ""; position: absolute; inset: auto 0 -1px; height: 14px; background: var(--paper); border-radius: 100% 100% 0 0 / 200% 120% 0 0; }
    .head div { flex: 1; min-width: 0; }
    .head h2 { font: 400 1.375em/1.2 var(--serif); letter-spacing: -.012em; }
    .head p { margin-top: 1px; font-size: .9375em; color: var(--soft); }
    .round { display: grid; place-items: center; width: 44px; height: 44px; flex: none; padding: 0; border: 0; border-radius: 50%; background: transparent; }
    .round:hover { background: color-mix(in srgb, var(--accent) 12%, transparent); }

    .scroll { position: relative; flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; padding: 8px 22px 18px; scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
    .scroll:focus-visible { outline-offset: -4px; }
    .message { margin-top: 14px; overflow-wrap: anywhere; }
    .message.clinic + .message.clinic { margin-top: 10px; }
    .text { padding: 12px 16px; border-radius: 18px; white-space: pre-line; }
    .clinic .text { width: fit-content; max-width: 92%; border-top-left-radius: 5px; background: color-mix(in srgb, var(--tint) 62%, var(--paper)); }
    .visitor { margin-left: auto; width: fit-content; max-width: 85%; }
    .visitor .text { border-bottom-right-radius: 5px; background: var(--accent); color: var(--paper); }
    .text a { color: inherit; }
    a[href^=tel] { white-space: nowrap; }
    .failed .text { opacity: .65; }
    .failed-note { margin-top: 4px; font-size: .875em; font-weight: 600; color: #98233f; text-align: right; }
    .aside { margin: 18px 0 4px; font: italic 400 1em/1.4 var(--serif); color: var(--soft); text-align: center; }

    .under { display: flex; align-items: flex-start; justify-content: space-between; gap: 8px; margin-top: 2px; }
    .source { display: flex; gap: 8px; min-width: 0; padding: 9px 4px 9px 2px; color: var(--accent); font-size: .9375em; line-height: 1.4; text-decoration: none; }
    .source svg { width: 1.25em; height: 1.25em; margin-top: .075em; }
    .source cite { font: italic 400 1.0625em/1.35 var(--serif); text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: .2em; }
    .source:hover cite { text-decoration-thickness: 2px; }
    .thumbs { display: flex; flex: none; align-items: center; margin-right: -6px; color: var(--soft); font-size: .875em; }
    .thumbs button { display: grid; place-items: center; width: 40px; height: 40px; padding: 0; border: 0; border-radius: 50%; background: transparent; }
    .thumbs button:hover { background: var(--tint); color: var(--accent); }
    .thumbs button[aria-pressed="true"] { color: var(--accent); }
    .thumbs button[aria-pressed="true"] svg { fill: color-mix(in srgb, var(--accent) 30%, var(--paper)); }

    .choices { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 10px; }
    .choices button {
      min-height: 44px; padding: 8px 16px; border: 1.5px solid var(--accent); border-radius: 22px; background: var(--paper); color: var(--accent);
      font-weight: 600; line-height: 1.3; text-align: left; transition: background-color .15s;
    }
    .choices button:hover { background: var(--tint); }
    .choices .chosen { background: var(--tint); }
    .past .choices button { font-weight: 400; }
    .past .choices button:not(.chosen) { border-color: var(--line); }

    .typing { display: flex; gap: 6px; width: fit-content; margin-top: 14px; padding: 17px 18px; border-radius: 18px; border-top-left-radius: 5px; background: color-mix(in srgb, var(--tint) 62%, var(--paper)); }
    .typing i { width: 8px; height: 8px; border-radius: 50%; background: var(--accent); animation: breathe 1.3s ease-in-out infinite; }
    .typing i:nth-child(2) { animation-delay: .16s; }
    .typing i:nth-child(3) { animation-delay: .32s; }
    @keyframes breathe { 0%, 65%, 100% { opacity: .28; } 32% { opacity: 1; } }

    .notice { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 14px; padding: 12px 22px; background: #f8ecc9; font-size: .9375em; }
    .notice p { flex: 1 1 12em; }
    .notice .seconds { flex-basis: 100%; font-weight: 600; }
    .notice button { min-height: 44px; padding: 8px 16px; border: 1.5px solid currentcolor; border-radius: 22px; background: transparent; font-weight: 600; }
    .notice a { color: inherit; font-weight: 600; }

    .write { padding: 12px 16px 0; border-top: 1px solid var(--line); }
    .field { display: flex; align-items: flex-end; gap: 6px; padding: 4px 4px 4px 16px; border: 1.5px solid color-mix(in srgb, var(--accent) 55%, var(--paper)); border-radius: 26px; background: #fff; }
    .field:focus-within { border-color: var(--accent); box-shadow: 0 0 0 3px color-mix(in srgb, var(--accent) 22%, transparent); }
    textarea { flex: 1; min-width: 0; min-height: 44px; max-height: 140px; padding: 10px 0; border: 0; background: transparent; font-size: 16px; line-height: 24px; resize: none; }
    textarea:focus-visible { outline: none; }
    textarea::placeholder { color: var(--soft); opacity: 1; }
    .send { background: var(--accent); color: var(--paper); }
    .send:hover { background: color-mix(in srgb, var(--accent) 82%, #000); }
    .send[aria-disabled="true"] { background: var(--tint); color: var(--soft); cursor: default; }
    .count { padding: 6px 16px 0; font-size: .875em; color: var(--soft); text-align: right; }
    .count.over { font-weight: 600; color: #98233f; }
    .foot { display: flex; justify-content: space-between; padding: 2px 16px 4px; font-size: .875em; }
    .foot :is(a, button) { display: inline-flex; align-items: center; min-height: 40px; padding: 0 4px; border: 0; background: none; color: var(--soft); text-decoration: underline; text-underline-offset: .2em; }
    .foot :is(a, button):hover { color: var(--accent); }

    @media ${PHONE} {
      .launcher { right: max(16px, env(safe-area-inset-right)); bottom: max(16px, env(safe-area-inset-bottom)); }
      .panel { inset: var(--top, 0) 0 auto 0; width: 100%; max-width: none; height: var(--height, 100dvh); border: 0; border-radius: 0; }
      .head { padding-left: 18px; }
      .scroll { padding-inline: 18px; }
      .write { padding-inline: 12px; }
    }
    @media (max-height: 460px) { .head { padding-block: 6px 14px; } .head p { display: none; } }
    @media (prefers-reduced-motion: reduce) { * { animation-duration: 0s !important; transition: none !important; } .typing i { opacity: .7; } }
    @media (forced-colors: active) { .text, .choices button, .launcher, .send { border: 1px solid; } }
    @media print { .launcher, .panel { display: none; } }
  `);

  /** An element with attributes and children; strings become text. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value != null) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  function telephone(number) {
    return make("a", { href: `tel:${number.replace(/[^+\d]/g, "")}` }, number);
  }

  // E-mail addresses, international numbers and addresses on the chat's own server can be followed;
  // no other address, so that nobody's words in an answer lead elsewhere.
  const LINKS =
    /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)])|([\w.+-]+@[\w-]+(?:\.[\w-]+)+)|(\+\d[\d ()-]{6,}\d)/g;

  function isOn(server, address) {
    try {
      return new URL(address).origin === server;
    } catch {
      return false;
    }
  }

  function* withLinks(text, server) {
    let end = 0;
    for (const match of text.matchAll(LINKS)) {
      const [found, web, mail] = match;
      yield text.slice(end, match.index);
      if (web && !isOn(server, web)) yield web;
      else if (web) yield make("a", { href: web, target: "_blank", rel: "noopener" }, web);
      else if (mail) yield make("a", { href: `mailto:${mail}` }, mail);
      else yield telephone(found);
      end = match.index + found.length;
    }
    yield text.slice(end);
  }

  function randomId() {
    // Not crypto.randomUUID: it is missing on pages without TLS.
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) =>
      b.toString(16).padStart(2, "0"),
    ).join("");
  }

  /** Why a request did not succeed: its HTTP status (0 when there was no answer) and what to do. */
  class Problem extends Error {
    constructor(status, text = "", wait = null) {
      super(text || `status ${status}`);
      Object.assign(this, { status, text, wait });
    }

    /** Whether the message itself is at fault, so that sending it again is no use. */
    get final() {
      return [400, 413, 422].includes(this.status);
    }
  }

  function waitOf(response) {
    const seconds = Number(response.headers.get("Retry-After"));
    const given = Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : 5;
    return [429, 503].includes(response.status) ? Math.min(given, LONGEST_WAIT_S) : null;
  }

  /** What this tab remembers: the token, what is still unsent, whether the chat was open. */
  class Memory {
    #key;
    #kept = { token: null, unsent: [], open: false };

    constructor(server) {
      this.#key = `needlepoint-chat:${server}`;
      try {
        Object.assign(this.#kept, JSON.parse(sessionStorage.getItem(this.#key) ?? "{}"));
      } catch {
        // Storage can be forbidden or hold something else: the chat then lasts as long as the page.
      }
    }

    get(name) {
      return this.#kept[name];
    }

    set(name, value) {
      this.#kept[name] = value;
      try {
        sessionStorage.setItem(this.#key, JSON.stringify(this.#kept));
      } catch {
        // As above.
      }
    }
  }

  /** The chat API of one server, with the token of this tab's conversation. */
  class Conversation {
    #server;
    #memory;

    constructor(server, memory) {
      this.#server = server;
      this.#memory = memory;
    }

    get known() {
      return Boolean(this.#memory.get("token"));
    }

    forget() {
      this.#memory.set("token", null);
    }

    async begin(signal) {
      const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
      const visitor = { time_zone: timeZone };
      const { token, messages } = await this.#request("POST", "sessions", visitor, signal);
      this.#memory.set("token", token);
      return messages;
    }

    async soFar(signal) {
      return (await this.#request("GET", "messages", undefined, signal)).messages;
    }

    async send(message, signal) {
      return (await this.#request("POST", "messages", message, signal)).messages;
    }

    async rate(id, value, signal) {
      await this.#request("POST", "feedback", { message_id: id, value }, signal);
    }

    async #request(method, path, body, signal) {
      const response = await this.#fetch(method, path, body, signal);
      if (response.status === 204) return null;
      const answer = await response.json().catch(() => null);
      if (response.ok && answer) return answer;
      throw new Problem(
        response.ok ? 0 : response.status,
        answer?.error?.message,
        waitOf(response),
      );
    }

    async #fetch(method, path, body, signal) {
      const timeout = new AbortController();
      const timer = setTimeout(() => timeout.abort(), TIMEOUT_MS);
      const stop = () => timeout.abort();
      signal.addEventListener("abort", stop);
      const headers = { Accept: "application/json" };
      if (body !== undefined) headers["Content-Type"] = "application/json";
      if (this.known) headers.Authorization = `Bearer ${this.#memory.get("token")}`;
      try {
        return await fetch(new URL(`/api/${path}`, this.#server), {
          method,
          headers,
          body: JSON.stringify(body),
          signal: timeout.signal,
          credentials: "omit",
          cache: "no-store",
        });
      } catch {
        throw new Problem(0);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", stop);
      }
    }
  }

  class NeedlepointChat extends HTMLElement {
    static observedAttributes = ["open", "label", "clinic"];

    #parts = {};
    #memory;
    #conversation;
    #opener = null;
    #begun = false;
    #jobs = Promise.resolve(); // one turn at a time, in the order in which they were asked for
    #stop = new AbortController(); // aborted when the visitor starts over

    connectedCallback() {
      if (this.shadowRoot) return;
      this.#memory = new Memory(this.server);
      this.#conversation = new Conversation(this.server, this.#memory);
      this.#build();
      this.#fitToKeyboard();
      const asked = this.hasAttribute("open");
      if (asked || (this.#memory.get("open") && !this.#onPhone)) this.#open({ focus: false });
    }

    attributeChangedCallback(name, before, now) {
      if (!this.shadowRoot || before === now) return;
      if (name === "label") this.#parts.label.textContent = now || WORDS.launcher;
      if (name === "clinic") this.#parts.title.textContent = now || WORDS.title;
      if (name === "open" && (now !== null) !== this.#parts.panel.open) {
        if (now === null) this.close();
        else this.show();
      }
    }

    get server() {
      return new URL(this.getAttribute("server") || SCRIPT_ORIGIN, location.href).origin;
    }

    get #onPhone() {
      return matchMedia(PHONE).matches;
    }

    /** Open the chat. `opener` gets the focus back when it is closed. */
    show(opener = document.activeElement) {
      this.#open({ focus: true, opener });
    }

    /** Close the chat and give the focus back. */
    close() {
      const { panel, launcher } = this.#parts;
      if (!panel.open) return;
      panel.close();
      launcher.hidden = false;
      this.removeAttribute("open");
      this.#memory.set("open", false);
      const back =
        this.#opener?.isConnected && this.#opener !== document.body ? this.#opener : launcher;
      this.#opener = null;
      (back === this ? launcher : back).focus();
    }

    /** Open the chat and ask `question`, if there is one. */
    ask(question, opener = document.activeElement) {
      this.show(opener);
      if (question) this.#send({ text: question }, question);
    }

    // Opening

    #open({ focus, opener }) {
      const { panel, launcher, badge } = this.#parts;
      if (!panel.open) {
        this.#opener = opener ?? null;
        // Over the whole screen of a phone the page behind is out of reach; beside it, it is not.
        if (this.#onPhone) panel.showModal();
        else panel.show();
      }
      launcher.hidden = true;
      badge.hidden = true;
      this.setAttribute("open", "");
      this.#memory.set("open", true);
      if (focus) this.#focusInside();
      this.#begin();
      this.#toLatest(this.#parts.log.lastElementChild);
    }

    #focusInside() {
      // A field in focus brings up the keyboard, which would hide the answers of a touch screen.
      const target = matchMedia("(pointer: coarse)").matches
        ? this.#parts.panel
        : this.#parts.field;
      target.focus({ preventScroll: true });
    }

    #begin() {
      if (this.#begun) return;
      this.#begun = true;
      this.#queue(async (signal) => {
        const messages = this.#conversation.known
          ? await this.#resume(signal)
          : await this.#greet(signal);
        this.#show(messages);
      });
    }

    #greet(signal) {
      return this.#untilDone(() => this.#conversation.begin(signal), signal);
    }

    async #resume(signal) {
      try {
        // What a page left unsent goes first: the server knows its client_id if it got that far.
        for (const message of this.#memory.get("unsent")) {
          await this.#untilDone(() => this.#conversation.send(message, signal), signal).catch(
            passOver,
          );
          this.#sent(message);
        }
        return await this.#untilDone(() => this.#conversation.soFar(signal), signal);
      } catch (problem) {
        if (problem.status !== 401) throw problem;
        this.#conversation.forget();
        this.#memory.set("unsent", []);
        return this.#greet(signal);
      }
    }

    #startOver() {
      this.#stop.abort();
      this.#stop = new AbortController();
      this.#jobs = Promise.resolve();
      this.#conversation.forget();
      this.#memory.set("unsent", []);
      this.#parts.log.replaceChildren();
      this.#settle();
      this.#begun = false;
      this.#begin();
      this.#focusInside();
    }

    // Turns

    /** Run `job` after those before it, with the typing indicator; a visitor starting over drops it. */
    #queue(job) {
      const { signal } = this.#stop;
      this.#jobs = this.#jobs.then(async () => {
        if (signal.aborted) return;
        this.#typing(true);
        try {
          await job(signal);
        } catch (problem) {
          if (!signal.aborted) this.#tell(problem.text || WORDS.unreachable);
        } finally {
          if (!signal.aborted) this.#typing(false);
        }
      });
    }

    #send(said, title) {
      const message = { ...said, client_id: randomId() };
      const bubble = this.#bubble("visitor", title);
      this.#settle();
      this.#parts.log.append(bubble);
      this.#toLatest(bubble);
      this.#memory.set("unsent", [...this.#memory.get("unsent"), message]);
      this.#queue(async (signal) => {
        try {
          this.#show(await this.#deliver(message, title, bubble, signal), bubble);
        } catch (problem) {
          if (!problem.final || signal.aborted) throw problem;
          this.#refused(bubble, said, problem);
        } finally {
          if (!signal.aborted) this.#sent(message);
        }
      });
    }

    async #deliver(message, title, bubble, signal) {
      const send = (what) => this.#untilDone(() => this.#conversation.send(what, signal), signal);
      try {
        return await send(message);
      } catch (problem) {
        if (problem.status !== 401) throw problem;
        // The conversation has ended: a new one gets the same words, as it knows no old choice.
        this.#conversation.forget();
        await this.#greet(signal);
        bubble.before(make("p", { class: "aside" }, WORDS.newConversation));
        return send({ text: title, client_id: randomId() });
      }
    }

    #sent(message) {
      const unsent = this.#memory
        .get("unsent")
        .filter((other) => other.client_id !== message.client_id);
      this.#memory.set("unsent", unsent);
    }

    #refused(bubble, said, problem) {
      bubble.classList.add("failed");
      bubble.append(make("p", { class: "failed-note" }, WORDS.notSent));
      this.#tell(problem.text || WORDS.unreachable);
      if (said.text && !this.#parts.field.value) {
        this.#parts.field.value = said.text;
        this.#count();
      }
    }

    /** Repeat `task` through refusals that pass; a token or a message at fault is the caller's. */
    async #untilDone(task, signal) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const result = await task();
          this.#tell(null);
          return result;
        } catch (problem) {
          if (signal.aborted || problem.final || problem.status === 401) throw problem;
          this.#typing(false);
          await this.#pause(problem, attempt, signal);
          this.#typing(true);
        }
      }
    }

    /** Say what is wrong until it is time to try again: by itself, back online, or at a press. */
    async #pause(problem, attempt, signal) {
      const offline = problem.status === 0 && !navigator.onLine;
      const seconds = problem.wait && attempt <= AUTOMATIC_RETRIES ? problem.wait : null;
      const done = new AbortController();
      await new Promise((resolve) => {
        const options = { signal: done.signal };
        signal.addEventListener("abort", resolve, options);
        if (offline) window.addEventListener("online", resolve, options);
        this.#tell(
          offline ? WORDS.offline : problem.text || (problem.wait ? WORDS.busy : WORDS.unreachable),
          {
            retry: seconds === null ? resolve : null,
            countdown: seconds,
            call: !offline && problem.status !== 429,
          },
        );
        if (seconds !== null) this.#countDown(seconds, resolve, done.signal);
      });
      done.abort();
      this.#tell(null);
      if (signal.aborted) throw problem;
    }

    #countDown(seconds, resolve, signal) {
      const until = Date.now() + seconds * 1000;
      const timer = setInterval(() => {
        const left = Math.ceil((until - Date.now()) / 1000);
        const shown = this.#parts.notice.querySelector(".seconds");
        if (shown) shown.textContent = WORDS.retrying(Math.max(left, 0));
        if (left <= 0) resolve();
      }, 250);
      signal.addEventListener("abort", () => clearInterval(timer));
    }

    // Showing

    #show(messages, after = null) {
      const bubbles = messages.map((message) => this.#message(message));
      this.#parts.log.append(...bubbles);
      if (messages.some((message) => message.role)) this.#settle({ except: bubbles.at(-1) });
      if (!this.#parts.panel.open && bubbles.length) this.#parts.badge.hidden = false;
      this.#typing(false);
      this.#toLatest(after ?? bubbles.at(-1));
    }

    #message({ id, role, text, choices, source, feedback }) {
      if (role === "visitor") return this.#bubble("visitor", text);
      const bubble = this.#bubble("clinic", text);
      if (source) bubble.append(this.#under(id, source, feedback ?? null));
      if (choices?.length) bubble.append(this.#choices(choices));
      return bubble;
    }

    #bubble(who, text) {
      const words = who === "clinic" ? withLinks(text, this.server) : [text];
      return make(
        "div",
        { class: `message ${who}` },
        make(
          "p",
          { class: "text", dir: "auto" },
          make("span", { class: "unseen" }, `${WORDS[who === "clinic" ? "clinic" : "you"]} `),
          ...words,
        ),
      );
    }

    #under(id, source, feedback) {
      const under = make("div", { class: "under" }, this.#thumbs(id, feedback));
      const url = new URL(source.url, this.server);
      if (!/^https?:$/.test(url.protocol)) return under;
      const elsewhere = url.origin !== location.origin;
      under.prepend(
        make(
          "a",
          {
            class: "source",
            href: url.href,
            target: elsewhere && "_blank",
            rel: elsewhere && "noopener",
            // On a phone the chat would lie over the article that was asked for.
            onclick: () => !elsewhere && this.#onPhone && this.close(),
          },
          icon("article"),
          make(
            "span",
            {},
            `${WORDS.source} `,
            make("cite", {}, source.title),
            ...(elsewhere ? [make("span", { class: "unseen" }, ` ${WORDS.newTab}`)] : []),
          ),
        ),
      );
      return under;
    }

    #thumbs(id, feedback) {
      const said = make("span", { class: "unseen", role: "status" });
      const group = make(
        "div",
        { class: "thumbs", role: "group", "aria-label": WORDS.helpful },
        said,
      );
      const press = (value) => {
        for (const button of group.querySelectorAll("button"))
          button.setAttribute("aria-pressed", String(button.dataset.value === value));
        group.dataset.value = value ?? "";
      };
      const rate = async (value) => {
        const before = group.dataset.value || null;
        const now = before === value ? null : value;
        press(now);
        try {
          await this.#conversation.rate(id, now, this.#stop.signal);
          said.textContent = now ? WORDS.thanks : "";
        } catch {
          press(before);
          this.#tell(WORDS.feedbackFailed);
        }
      };
      for (const value of ["up", "down"])
        group.append(
          make(
            "button",
            {
              type: "button",
              "data-value": value,
              title: WORDS[value],
              "aria-label": WORDS[value],
              onclick: () => rate(value),
            },
            icon(value),
          ),
        );
      press(feedback);
      return group;
    }

    #choices(choices) {
      const row = make("div", { class: "choices" });
      for (const { id, title } of choices) {
        const button = make("button", { type: "button", dir: "auto" }, title);
        button.addEventListener("click", () => {
          for (const other of row.children) other.classList.toggle("chosen", other === button);
          this.#send({ choice: id }, title);
        });
        row.append(button);
      }
      return row;
    }

    /** What was offered before the latest answer steps back; it still works. */
    #settle({ except } = {}) {
      for (const bubble of this.#parts.log.children)
        bubble.classList.toggle("past", bubble !== except);
    }

    #typing(on) {
      const { typing } = this.#parts;
      typing.replaceChildren();
      if (!on) return;
      typing.append(
        make(
          "div",
          { class: "typing" },
          ...["", "", ""].map(() => make("i", { "aria-hidden": "true" })),
          make("span", { class: "unseen" }, WORDS.typing),
        ),
      );
      this.#toLatest(typing);
    }

    /** A line above the field: `text`, and a way on if there is one; null takes it away. */
    #tell(text, { retry, countdown, call } = {}) {
      const { notice } = this.#parts;
      notice.replaceChildren();
      notice.classList.toggle("notice", text !== null);
      if (text === null) return;
      const phone = this.getAttribute("phone");
      const line = make("p", {}, ...withLinks(text, this.server));
      // The server's own words may name the number already.
      if (call && phone && !text.includes(phone))
        line.append(` ${WORDS.orCall} `, telephone(phone), ".");
      notice.append(line);
      if (countdown)
        notice.append(
          make("span", { class: "unseen" }, WORDS.waiting),
          make("span", { class: "seconds", "aria-hidden": "true" }, WORDS.retrying(countdown)),
        );
      if (retry) notice.append(make("button", { type: "button", onclick: retry }, WORDS.retry));
      this.#toLatest(this.#parts.log.lastElementChild);
    }

    /** Show the latest: its end if it fits, else its beginning, so that reading starts at the top. */
    #toLatest(first) {
      const { scroll } = this.#parts;
      if (!first) return;
      const top = first.offsetTop - 12;
      const fits = scroll.scrollHeight - top <= scroll.clientHeight;
      const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
      scroll.scrollTo({ top: fits ? scroll.scrollHeight : top, behavior });
    }

    // Writing

    #submit() {
      const { field } = this.#parts;
      const text = field.value.trim();
      if (!text || this.#left() < 0) return;
      field.value = "";
      this.#count();
      this.#tell(null);
      this.#send({ text }, text);
    }

    #left() {
      return LONGEST_TEXT - [...this.#parts.field.value.trim()].length;
    }

    #count() {
      const { field, count, send } = this.#parts;
      const left = this.#left();
      count.hidden = left > LONGEST_TEXT - COUNT_FROM;
      count.classList.toggle("over", left < 0);
      count.textContent = left < 0 ? WORDS.over(-left) : WORDS.left(left);
      field.setAttribute("aria-invalid", String(left < 0));
      // Not `disabled`: the button must not drop the focus of whoever is on it.
      send.setAttribute("aria-disabled", String(left < 0 || !field.value.trim()));
      if (!field.scrollHeight) return; // not on screen yet
      field.style.height = "auto";
      field.style.height = `${Math.min(field.scrollHeight, 140)}px`;
    }

    #onKey(event) {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    }

    // Building

    #build() {
      const shadow = this.attachShadow({ mode: "open" });
      shadow.adoptedStyleSheets = [sheet];
      const parts = this.#parts;
      parts.label = make("span", {}, this.getAttribute("label") || WORDS.launcher);
      parts.badge = make("span", {
        class: "badge",
        role: "img",
        "aria-label": WORDS.unread,
        hidden: true,
      });
      parts.launcher = make(
        "button",
        {
          class: "launcher",
          type: "button",
          "aria-haspopup": "dialog",
          onclick: () => this.show(this),
        },
        icon("chat"),
        parts.label,
        parts.badge,
      );
      parts.panel = make(
        "dialog",
        { class: "panel", "aria-labelledby": "title", tabindex: "-1" },
        this.#head(),
        this.#body(),
        this.#notice(),
        this.#form(),
      );
      parts.panel.addEventListener("cancel", (event) => {
        event.preventDefault();
        this.close();
      });
      parts.panel.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || event.isComposing) return;
        event.preventDefault();
        this.close();
      });
      shadow.append(parts.launcher, parts.panel);
      this.#count();
    }

    #head() {
      this.#parts.title = make("h2", { id: "title" }, this.getAttribute("clinic") || WORDS.title);
      const close = make(
        "button",
        {
          class: "round",
          type: "button",
          "aria-label": WORDS.close,
          title: WORDS.close,
          onclick: () => this.close(),
        },
        icon("close"),
      );
      return make(
        "div",
        { class: "head" },
        make("div", {}, this.#parts.title, make("p", {}, WORDS.subtitle)),
        close,
      );
    }

    #body() {
      this.#parts.log = make("div");
      this.#parts.typing = make("div");
      this.#parts.scroll = make(
        "div",
        { class: "scroll", role: "log", tabindex: "0", "aria-label": WORDS.log },
        this.#parts.log,
        this.#parts.typing,
      );
      return this.#parts.scroll;
    }

    #notice() {
      this.#parts.notice = make("div", { role: "status" });
      return this.#parts.notice;
    }

    #form() {
      const parts = this.#parts;
      parts.field = make("textarea", {
        rows: "1",
        "aria-label": WORDS.field,
        "aria-describedby": "count",
        placeholder: WORDS.placeholder,
        dir: "auto",
        autocomplete: "off",
        enterkeyhint: "send",
        oninput: () => this.#count(),
        onkeydown: (event) => this.#onKey(event),
      });
      parts.send = make(
        "button",
        { class: "round send", type: "submit", "aria-label": WORDS.send, title: WORDS.send },
        icon("send"),
      );
      parts.count = make("p", { class: "count", id: "count", role: "status", hidden: true });
      const submit = (event) => {
        event.preventDefault();
        this.#submit();
      };
      return make(
        "form",
        { class: "write", onsubmit: submit },
        make("div", { class: "field" }, parts.field, parts.send),
        parts.count,
        make(
          "div",
          { class: "foot" },
          make("button", { type: "button", onclick: () => this.#startOver() }, WORDS.restart),
          make(
            "a",
            {
              href: new URL(this.getAttribute("privacy") || "/privacy", this.server).href,
              target: "_blank",
              rel: "noopener",
            },
            WORDS.privacy,
          ),
        ),
      );
    }

    /** Keep a phone's keyboard from covering the field: the panel is as high as what is left. */
    #fitToKeyboard() {
      const view = window.visualViewport;
      if (!view) return;
      const fit = () => {
        this.#parts.panel.style.setProperty("--height", `${view.height}px`);
        this.#parts.panel.style.setProperty("--top", `${view.offsetTop}px`);
      };
      view.addEventListener("resize", fit);
      view.addEventListener("scroll", fit);
      fit();
    }
  }

  /** A message at fault is let go of; every other problem goes on. */
  function passOver(problem) {
    if (!problem.final) throw problem;
  }

  if (!customElements.get("needlepoint-chat"))
    customElements.define("needlepoint-chat", NeedlepointChat);
})();

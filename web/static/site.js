// Links that open the chat carry data-chat, with the question to ask or nothing. Without this
// script they lead to where the same thing can be read or done.
"use strict";

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("[data-chat]") : null;
  const chat = document.querySelector("needlepoint-chat");
  if (!link || !chat || typeof chat.ask !== "function") return;
  event.preventDefault();
  chat.ask(link.dataset.chat, link);
});

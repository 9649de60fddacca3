// The demo's control API: what the two people do in their chats.

// Refused is an answer that says no; message is the server's reason.
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function call(path, body) {
  const init = body === undefined
    ? { cache: "no-store" }
    : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, init);
  const answer = await response.json().catch(() => null);
  if (!response.ok || answer?.error) {
    throw new Refused(answer?.error ?? `HTTP ${response.status}`, response.status);
  }
  return answer;
}

export const listPeople = () => call("/api/people");
export const addPerson = (name, languageCode) => call("/api/people", { name, language_code: languageCode });

// Chat is one person's side of their chat with the bot.
export class Chat {
  constructor(id) {
    this.base = `/api/people/${encodeURIComponent(id)}`;
  }

  load() { return call(`${this.base}/chat`); }
  eventsURL() { return `${this.base}/events`; }
  setLanguage(code) { return call(this.base, { language_code: code }); }
  send(text) { return call(`${this.base}/send`, { text }); }
  press(messageID, data) { return call(`${this.base}/press`, { message_id: messageID, data }); }
  contact(name, phone) { return call(`${this.base}/contact`, { name, phone }); }
  forward(text, from) { return call(`${this.base}/forward`, { text, from }); }
  sticker(emoji) { return call(`${this.base}/sticker`, { emoji }); }
  edit(messageID, text) { return call(`${this.base}/edit`, { message_id: messageID, text }); }
  block(blocked) { return call(`${this.base}/block`, { blocked }); }

  // file sends a photo, a document or a voice; kind is the path's last word.
  async file(kind, file, caption) {
    return call(`${this.base}/${kind}`, { data: await base64(file), name: file.name, caption });
  }
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

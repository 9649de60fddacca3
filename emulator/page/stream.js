// A chat kept up to date: its state as a whole each time the event stream opens,
// then event by event. The browser reconnects by itself after a broken
// connection but gives up after a refusal (a restarted server, say), so that
// case is tried again here, more and more slowly.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

// follow calls onChat with the chat as loaded, onEvent for each later event,
// onState(bool) as the connection comes and goes, and onGone where the server
// does not know this person.
//
// Events that come while the chat is being loaded wait, and are replayed after
// it in their order: whichever of the two was newer, the end is the server's.
export function follow(api, { onChat, onEvent, onState, onGone }) {
  let waiting = []; // null once the chat is loaded
  let loads = 0;

  async function load() {
    waiting ??= [];
    const mine = ++loads;
    let chat;
    try {
      chat = await api.load();
    } catch (error) {
      if (error.status === 404) onGone();
      else if (mine === loads) setTimeout(load, FIRST_WAIT);
      return;
    }
    if (mine !== loads) return; // a later load is under way
    onChat(chat);
    const events = waiting;
    waiting = null;
    events.forEach(onEvent);
    onState(true);
  }

  listen(api.eventsURL(), {
    onOpen: load,
    onEvent: (event) => (waiting ? waiting.push(event) : onEvent(event)),
    onLost: () => onState(false),
  });
}

function listen(url, { onOpen, onEvent, onLost }) {
  let wait = FIRST_WAIT;

  function connect() {
    const source = new EventSource(url);
    source.onopen = () => {
      wait = FIRST_WAIT;
      onOpen();
    };
    source.onmessage = ({ data }) => {
      const event = decode(data);
      if (event) onEvent(event);
    };
    source.onerror = () => {
      onLost();
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  }

  connect();
}

// decode drops what is not an event: one bad line must not stop the stream.
function decode(data) {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

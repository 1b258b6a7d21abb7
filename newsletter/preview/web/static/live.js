// The line to the server: told of every change, and of the line being cut.

const AGAIN = 1500; // milliseconds until the next try, where the browser itself gives up

/**
 * Listen to the server as long as the page is open.
 * @param {{changing: () => void, changed: (data: any) => void, lost: () => void, back: (data: any) => void}} hooks
 */
export function listen({ changing, changed, lost, back }) {
  let away = false;
  const connect = () => {
    const source = new EventSource("/events");
    source.addEventListener("changing", changing);
    source.addEventListener("changed", (event) => changed(JSON.parse(event.data)));
    source.addEventListener("hello", (event) => {
      (away ? back : changed)(JSON.parse(event.data));
      away = false;
    });
    source.addEventListener("error", () => {
      if (!away) lost();
      away = true;
      if (source.readyState === EventSource.CLOSED) window.setTimeout(connect, AGAIN);
    });
  };
  connect();
}

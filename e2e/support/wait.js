// Waiting for conditions. No test sleeps for a fixed time.
import { setTimeout as pause } from 'node:timers/promises';

// until looks again and again until check gives something that is true, and returns that.
export async function until(what, check, { within = 30_000, every = 20 } = {}) {
  const end = Date.now() + within;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${within / 1000} s for ${what}`);
    await pause(every);
  }
}

// soon is the promise's result, or an error where it takes too long. `what` may be a
// function, to say how things stand then.
export async function soon(what, promise, within = 30_000) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${within / 1000} s for ${typeof what === 'function' ? what() : what}`)), within);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

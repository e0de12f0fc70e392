import { useEffect, useState } from "react";

const TICK_MS = 500;

/** The time in milliseconds since 1970, often enough to count seconds. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** Whether a connection leads into production: there everything that is hard to take back is asked about. */
import type { Profile } from "../generated/Profile";

export function isProduction(profile: Profile): boolean {
  const environment: unknown = Reflect.get(profile, "environment");
  return environment === "production";
}

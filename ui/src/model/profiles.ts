/** Finding profiles by what somebody types. */
import type { Profile } from "../generated/Profile";

/** Every word typed must occur in the name, target, AWS profile or region. Keeps the order. */
export function filterProfiles(profiles: readonly Profile[], typed: string): readonly Profile[] {
  const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return profiles;
  return profiles.filter((profile) => {
    const text = [profile.name, profile.target, profile.awsProfile ?? "", profile.region ?? ""]
      .join("\n")
      .toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}

import type { LucideIcon } from "lucide-react";
import { Button, type ButtonProps, Tooltip, TooltipTrigger } from "react-aria-components";

interface Props extends Omit<ButtonProps, "children" | "aria-label"> {
  readonly icon: LucideIcon;
  readonly label: string;
  /** The chord that does the same. */
  readonly chord?: string;
  readonly testId?: string;
}

/** A button that shows an icon and tells its name on hover, on focus and to screen readers. */
export function IconButton({ icon: Icon, label, chord, testId, className, ...rest }: Props) {
  return (
    <TooltipTrigger delay={600}>
      <Button
        {...rest}
        aria-label={label}
        className={`icon-button ${typeof className === "string" ? className : ""}`}
        data-testid={testId}
      >
        <Icon aria-hidden size={16} strokeWidth={1.75} />
      </Button>
      <Tooltip className="tooltip" offset={6}>
        {label}
        {chord ? <kbd>{chord}</kbd> : null}
      </Tooltip>
    </TooltipTrigger>
  );
}

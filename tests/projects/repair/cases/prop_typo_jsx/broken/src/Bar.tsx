import { Button } from './Button';

export function Bar({ save }: { save: () => void }) {
  return <Button label="Save" onPres={save} />;
}

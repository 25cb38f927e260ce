export interface Notification {
  id: number;
  kind: 'success' | 'error';
  text: string;
}

export type NotificationsAction =
  | { type: 'added'; kind: Notification['kind']; text: string }
  | { type: 'dismissed'; id: number };

const MAX_SHOWN = 3;

export function notificationsReducer(list: Notification[], action: NotificationsAction): Notification[] {
  switch (action.type) {
    case 'added': {
      const id = (list.at(-1)?.id ?? 0) + 1;
      return [...list, { id, kind: action.kind, text: action.text }].slice(-MAX_SHOWN);
    }
    case 'dismissed':
      return list.filter((notification) => notification.id !== action.id);
  }
}

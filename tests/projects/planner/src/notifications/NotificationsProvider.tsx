import { createContext, useCallback, useContext, useReducer, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { notificationsReducer, type Notification } from '../state/notifications';

type Notify = (kind: Notification['kind'], text: string) => void;

const NotifyContext = createContext<Notify | null>(null);

export function NotificationsProvider({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [notifications, dispatch] = useReducer(notificationsReducer, []);
  const notify = useCallback<Notify>((kind, text) => dispatch({ type: 'added', kind, text }), []);

  return (
    <NotifyContext value={notify}>
      {children}
      <div className="notifications" role="status">
        {notifications.map(({ id, kind, text }) => (
          <p key={id} className={`notification ${kind}`}>
            {text}
            <button type="button" aria-label={t('notifications.dismiss')} onClick={() => dispatch({ type: 'dismissed', id })}>
              ×
            </button>
          </p>
        ))}
      </div>
    </NotifyContext>
  );
}

export function useNotify(): Notify {
  const notify = useContext(NotifyContext);
  if (!notify) throw new Error('useNotify must be used within a NotificationsProvider');
  return notify;
}

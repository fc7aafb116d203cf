import { PainterHost } from './painter-host';
import type { FromPainter, ToPainter } from './painter-messages';

const host = new PainterHost((message: FromPainter) => postMessage(message));
onmessage = ({ data }: MessageEvent<ToPainter>) => host.take(data);

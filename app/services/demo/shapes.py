"""What the demo's figures look like, drawn in roles on a `Canvas`."""

import math
from collections.abc import Callable

from app.services.demo.canvas import Canvas


def _face(c: Canvas, x: float, y: float, r: float) -> None:
    c.ellipse(x, y, r, r, "skin")
    c.dot(x - r * 0.36, y, r * 0.1)
    c.dot(x + r * 0.36, y, r * 0.1)
    c.curve([(x - r * 0.3, y + r * 0.42), (x, y + r * 0.56), (x + r * 0.3, y + r * 0.42)], width=0.6)


def angel(c: Canvas) -> None:
    for s in (-1, 1):
        c.blob(
            [(50 + s * 5, 42), (50 + s * 20, 26), (50 + s * 36, 28), (50 + s * 33, 46), (50 + s * 20, 58)],
            "white",
        )
        for k in range(3):
            c.curve(
                [(50 + s * 9, 44 + k * 3), (50 + s * 20, 34 + k * 6), (50 + s * (32 - k * 2), 35 + k * 7)],
                width=0.6,
            )
    c.stand()
    c.blob([(50, 38), (60, 44), (64, 66), (71, 89), (50, 91), (29, 89), (36, 66), (40, 44)], "main")
    c.curve([(44, 52), (41, 70), (37, 88)], "dark", 0.8)
    c.curve([(56, 52), (59, 70), (63, 88)], "dark", 0.8)
    c.line([(40, 60), (60, 60)], "gold", 2)
    c.blob([(41, 46), (33, 56), (45, 63), (50, 58)], "light")
    c.blob([(59, 46), (67, 56), (55, 63), (50, 58)], "light")
    c.ellipse(50, 57, 3, 3, "skin")
    c.ellipse(50, 27, 9.5, 10, "gold")
    _face(c, 50, 30, 8)
    c.ellipse(50, 13, 10, 3, "gold")
    c.ellipse(50, 13, 6.8, 1.5, "white")


def tree(c: Canvas) -> None:
    c.stand()
    c.box(46, 80, 54, 91, "dark")
    for top, width, low in ((44, 31, 83), (29, 25, 63), (14, 18, 42)):
        c.shape([(50, top), (50 + width, low), (50 + width * 0.4, low - 4), (50, low + 1),
                 (50 - width * 0.4, low - 4), (50 - width, low)], "main")  # fmt: skip
        c.curve([(50 - width * 0.55, low - 7), (50, low - 3), (50 + width * 0.55, low - 7)], "light", 1.2)
    for x, y, role in ((40, 74, "accent"), (61, 72, "gold"), (51, 66, "white"), (42, 54, "gold"), (58, 53, "accent"),
                       (50, 41, "gold"), (45, 34, "accent"), (66, 80, "accent"), (34, 80, "gold")):  # fmt: skip
        c.ellipse(x, y, 2.6, 2.6, role, line=0.5)
    c.star(50, 12, 7, 2.9, 5, "gold")


def bell(c: Canvas) -> None:
    c.ellipse(50, 82, 5, 6, "dark")
    c.blob(
        [(50, 26), (62, 31), (66, 52), (71, 68), (78, 77), (50, 80), (22, 77), (29, 68), (34, 52), (38, 31)],
        "main",
    )
    c.curve([(24, 74), (50, 77), (76, 74)], "dark", 1.8)
    c.curve([(42, 36), (38, 52), (34, 66)], "light", 2.4)
    for s in (-1, 1):
        c.blob([(50, 25), (50 + s * 12, 14), (50 + s * 20, 20), (50 + s * 14, 30)], "accent")
        c.blob([(50, 27), (50 + s * 10, 35), (50 + s * 16, 44), (50 + s * 6, 38)], "accent")
    c.ellipse(50, 26, 4.4, 4.4, "gold")


def soldier(c: Canvas) -> None:
    c.stand(rx=18)
    for s in (-1, 1):
        c.box(50 + s * 6 - 5, 64, 50 + s * 6 + 5, 84, "white")
        c.box(50 + s * 6 - 5.5, 79, 50 + s * 6 + 6, 90, "line")
        c.box(50 + s * 17 - 4, 40, 50 + s * 17 + 4, 62, "main", radius=3.5)
        c.ellipse(50 + s * 17, 63, 3.6, 3.6, "skin")
    c.box(36, 38, 64, 67, "main", radius=4)
    c.shape([(38, 40), (44, 40), (60, 65), (54, 65)], "white", line=0.5)
    c.box(36, 60, 64, 65, "line")
    c.box(47, 59.5, 53, 65.5, "gold")
    for y in (44, 50, 56):
        c.ellipse(50, y, 1.5, 1.5, "gold", line=0.5)
    for s in (-1, 1):
        c.ellipse(50 + s * 15, 40, 6, 2.6, "gold")
    _face(c, 50, 29, 8.5)
    c.shape([(43, 32), (57, 32), (54, 37), (46, 37)], "white", line=0.5)
    c.box(40, 9, 60, 24, "dark", radius=2.5)
    c.box(39, 21, 61, 25.5, "gold")
    c.ellipse(50, 15, 3, 3.4, "gold")
    c.line([(71, 30), (71, 88)], "gold", 1.6)


def santa(c: Canvas) -> None:
    c.stand()
    c.blob([(70, 44), (82, 54), (83, 72), (72, 80), (63, 66)], "dark")
    c.blob([(50, 42), (66, 48), (72, 72), (68, 87), (32, 87), (28, 72), (34, 48)], "main")
    c.box(29, 78, 71, 86, "white", radius=4)
    c.box(33, 65, 67, 70, "line")
    c.box(46, 64, 54, 71, "gold")
    for s in (-1, 1):
        c.blob([(50 + s * 14, 48), (50 + s * 24, 56), (50 + s * 20, 66), (50 + s * 12, 60)], "main")
        c.ellipse(50 + s * 19, 67, 4, 4, "white")
    _face(c, 50, 32, 9)
    c.blob([(41, 34), (50, 38), (59, 34), (60, 46), (50, 56), (40, 46)], "white")
    c.blob([(40, 27), (44, 13), (56, 9), (68, 20), (60, 27)], "main")
    c.box(38, 24, 62, 29, "white", radius=2.5)
    c.ellipse(68, 21, 4, 4, "white")


def bauble(c: Canvas) -> None:
    c.box(44, 15, 56, 25, "gold")
    c.curve([(46, 14), (50, 5), (54, 14)], "gold", 1.6)
    c.ellipse(50, 56, 32, 32, "main")
    c.curve([(20, 47), (50, 55), (80, 47)], "gold", 2.4)
    c.curve([(20, 66), (50, 74), (80, 66)], "gold", 2.4)
    for x, y in ((30, 59), (43, 63), (57, 63), (70, 59)):
        c.star(x, y, 5, 2.1, 5, "white")
    c.curve([(30, 36), (38, 29), (48, 27)], "light", 3)


def candle(c: Canvas) -> None:
    c.stand(rx=34)
    c.curve([(18, 88), (20, 58), (50, 42), (80, 58), (82, 88)], "dark", 5)
    c.curve([(27, 88), (30, 66), (50, 55), (70, 66), (73, 88)], "main", 3.4)
    for x, y in ((20, 56), (34, 45), (50, 40), (66, 45), (80, 56)):
        c.box(x - 2.6, y - 14, x + 2.6, y, "white")
        c.blob([(x, y - 24), (x + 3, y - 18), (x, y - 14.5), (x - 3, y - 18)], "gold")
    for x in (42, 58):
        c.blob([(x, 68), (x + 5, 78), (x + 6, 88), (x - 6, 88), (x - 5, 78)], "light")
        c.ellipse(x, 66, 3.6, 3.6, "skin")
    c.star(50, 74, 5, 2.2, 5, "gold")


def figure(c: Canvas) -> None:
    c.stand()
    c.blob([(50, 36), (62, 42), (68, 66), (70, 89), (50, 91), (30, 89), (32, 66), (38, 42)], "main")
    c.blob(
        [(50, 22), (63, 34), (67, 60), (61, 88), (55, 60), (50, 44), (45, 60), (39, 88), (33, 60), (37, 34)],
        "dark",
    )
    c.ellipse(50, 27, 10.5, 11.5, "dark")
    _face(c, 50, 30, 7.6)
    c.ellipse(50, 59, 4.6, 4, "skin")
    c.line([(68, 26), (68, 88)], "gold", 1.8)
    c.curve([(68, 28), (70, 19), (77, 20), (77, 27)], "gold", 1.8)
    c.curve([(44, 66), (43, 78), (41, 88)], "light", 0.9)
    c.curve([(56, 66), (57, 78), (59, 88)], "light", 0.9)


def house(c: Canvas) -> None:
    c.stand(rx=38)
    c.box(20, 50, 80, 89, "light")
    c.box(27, 56, 73, 89, "dark")
    c.shape([(50, 22), (90, 52), (84, 58), (50, 33), (16, 58), (10, 52)], "main")
    for x in (36, 64):
        c.blob([(x, 66), (x + 6, 76), (x + 6, 88), (x - 6, 88), (x - 6, 76)], "accent" if x < 50 else "main")
        c.ellipse(x, 64, 4.2, 4.2, "skin")
    c.box(44, 80, 56, 88, "gold")
    c.ellipse(50, 78, 4, 3, "skin")
    c.star(50, 17, 10, 4, 8, "gold")


def sheep(c: Canvas) -> None:
    c.stand(rx=30)
    for x in (36, 44, 58, 66):
        c.box(x - 2.2, 72, x + 2.2, 89, "line")
    for x, y, r in ((34, 58, 12), (46, 50, 13), (60, 51, 13), (68, 61, 11), (55, 66, 14), (41, 66, 12)):
        c.ellipse(x, y, r, r * 0.92, "white", line=0.7)
    for x, y, r in ((44, 58, 12), (56, 58, 13)):
        c.ellipse(x, y, r, r * 0.85, "white", line=0)
    c.ellipse(24, 50, 9, 10.5, "main")
    c.ellipse(31, 44, 4.4, 2.4, "main")
    c.dot(21, 48, 1.2)
    c.ellipse(26, 39, 7, 4.6, "white")


def star(c: Canvas) -> None:
    c.star(50, 50, 42, 18, 6, "main")
    for step in range(6):
        angle = math.radians(step * 60 - 90)
        c.line([(50, 50), (50 + 39 * math.cos(angle), 50 + 39 * math.sin(angle))], "light", 1.1)
    c.star(50, 50, 19, 9, 6, "gold", 30)
    c.ellipse(50, 50, 4.4, 4.4, "accent")


def moon(c: Canvas) -> None:
    c.blob(
        [(56, 12), (32, 20), (20, 46), (30, 74), (58, 88), (76, 80), (54, 70), (43, 48), (52, 24), (72, 16)],
        "gold",
    )
    c.curve([(35, 40), (38, 48), (34, 53), (39, 55)], width=0.8)
    c.curve([(44, 66), (48, 70), (54, 72)], width=0.8)
    c.dot(37, 36, 1.2)
    c.star(70, 42, 13, 5.4, 5, "main")
    c.star(80, 66, 6, 2.5, 5, "light")


def snowman(c: Canvas) -> None:
    c.stand()
    c.ellipse(50, 75, 20, 16, "white")
    c.ellipse(50, 52, 15, 13, "white")
    c.line([(36, 50), (19, 40)], "dark", 1.8)
    c.line([(64, 50), (81, 42)], "dark", 1.8)
    c.ellipse(50, 31, 11.5, 11, "white")
    c.box(37, 38, 63, 43, "main", radius=2.4)
    c.box(56, 41, 62, 57, "main")
    c.shape([(50, 31), (64, 34), (50, 35)], "gold")
    c.dot(46, 28, 1.3)
    c.dot(54, 28, 1.3)
    for y in (50, 56, 69, 76):
        c.dot(50, y, 1.6)
    c.box(36, 19, 64, 22.5, "dark")
    c.box(41, 6, 59, 20, "dark")
    c.box(41, 15, 59, 19, "accent", radius=0.4)


def flake(c: Canvas) -> None:
    for step in range(6):
        a = math.radians(step * 60 - 90)
        end = (50 + 40 * math.cos(a), 50 + 40 * math.sin(a))
        c.line([(50, 50), end], "main", 3.4)
        for part, size in ((0.5, 14), (0.76, 9)):
            x, y = 50 + 40 * part * math.cos(a), 50 + 40 * part * math.sin(a)
            for turn in (-50, 50):
                b = a + math.radians(turn)
                c.line([(x, y), (x + size * math.cos(b), y + size * math.sin(b))], "main", 2.4)
        c.ellipse(end[0], end[1], 3, 3, "light")
    c.star(50, 50, 13, 7, 6, "light", 30)
    c.ellipse(50, 50, 4.6, 4.6, "gold")


def hare(c: Canvas) -> None:
    c.stand()
    for s in (-1, 1):
        c.blob(
            [(50 + s * 4, 28), (50 + s * 4, 12), (50 + s * 9, 4), (50 + s * 13, 13), (50 + s * 9, 29)], "skin"
        )
        c.curve([(50 + s * 8, 26), (50 + s * 9, 12)], "accent", 1.6)
    c.blob([(50, 44), (64, 54), (67, 76), (58, 89), (42, 89), (33, 76), (36, 54)], "skin")
    c.blob([(50, 46), (61, 56), (62, 72), (50, 77), (38, 72), (39, 56)], "main")
    c.ellipse(50, 35, 12, 11, "skin")
    c.dot(45.5, 33, 1.4)
    c.dot(54.5, 33, 1.4)
    c.ellipse(50, 38, 2, 1.4, "accent", line=0.4)
    c.shape([(56, 70), (80, 70), (76, 86), (60, 86)], "gold")
    c.curve([(58, 70), (68, 54), (78, 70)], "gold", 1.8)
    for x, role in ((62, "accent"), (68, "light"), (74, "main")):
        c.ellipse(x, 69, 3.6, 4.4, role)


def egg(c: Canvas) -> None:
    c.stand(rx=18, y=90)
    c.blob([(50, 10), (66, 24), (75, 50), (70, 76), (50, 88), (30, 76), (25, 50), (34, 24)], "main")
    c.curve([(28, 38), (50, 44), (72, 38)], "gold", 2)
    c.curve([(27, 64), (50, 70), (73, 64)], "gold", 2)
    for x in (36, 50, 64):
        for step in range(5):
            a = math.radians(step * 72 - 90)
            c.ellipse(x + 4 * math.cos(a), 54 + 4 * math.sin(a), 2.5, 2.5, "white", line=0.4)
        c.ellipse(x, 54, 2.1, 2.1, "gold", line=0.4)
    c.curve([(38, 26), (44, 19), (50, 17)], "light", 2.6)


def rider(c: Canvas) -> None:
    c.stand(rx=36)
    c.curve([(77, 56), (88, 62), (86, 80)], "dark", 3.6)
    for x, lean in ((32, -4), (40, 2), (68, 4), (75, -2)):
        c.shape([(x - 3, 66), (x + 3, 66), (x + lean + 2.2, 90), (x + lean - 2.2, 90)], "wood")
    c.blob([(26, 56), (40, 51), (64, 52), (80, 54), (80, 68), (62, 73), (40, 73), (28, 68)], "wood")
    c.blob([(30, 66), (25, 48), (18, 36), (24, 28), (34, 36), (43, 54)], "wood")
    c.blob([(26, 32), (12, 38), (9, 45), (16, 47), (26, 42)], "wood")
    c.curve([(26, 27), (35, 36), (41, 50)], "dark", 3)
    c.dot(20, 37, 1.2)
    c.blob([(46, 50), (62, 50), (64, 60), (50, 62)], "gold")
    c.blob([(50, 54), (58, 54), (59, 74), (52, 76)], "white")
    c.box(50, 72, 60, 80, "line")
    c.box(46, 32, 64, 55, "main", radius=4)
    c.shape([(48, 34), (53, 34), (62, 53), (57, 53)], "white", line=0.4)
    c.line([(58, 40), (36, 48)], "main", 4)
    c.ellipse(35, 48, 2.6, 2.6, "skin")
    _face(c, 54, 25, 6.6)
    c.box(47, 7, 62, 20, "dark", radius=2)
    c.line([(60, 8), (64, 2)], "accent", 2)
    c.line([(34, 49), (24, 16)], "white", 1.5)


def coach(c: Canvas) -> None:
    c.stand(rx=42)
    c.blob([(18, 30), (50, 24), (82, 30), (84, 52), (72, 66), (28, 66), (16, 52)], "main")
    c.box(26, 34, 46, 48, "white")
    c.box(54, 34, 74, 48, "white")
    c.box(46, 30, 54, 64, "dark")
    c.box(20, 20, 66, 27, "dark")
    c.box(10, 60, 90, 65, "gold")
    for x in (28, 72):
        c.ellipse(x, 76, 14, 14, "gold")
        c.ellipse(x, 76, 10.4, 10.4, "white")
        for step in range(4):
            a = math.radians(step * 45)
            dx, dy = 11 * math.cos(a), 11 * math.sin(a)
            c.line([(x - dx, 76 - dy), (x + dx, 76 + dy)], "dark", 1.1)
        c.ellipse(x, 76, 3, 3, "accent")


def engine(c: Canvas) -> None:
    c.stand(rx=42)
    c.box(58, 24, 86, 70, "main")
    c.box(56, 20, 88, 26, "dark")
    c.box(65, 32, 79, 46, "white")
    c.box(14, 44, 60, 68, "main", radius=6)
    c.box(22, 43, 26, 69, "gold", radius=0.5)
    c.box(42, 43, 46, 69, "gold", radius=0.5)
    c.box(20, 22, 30, 45, "dark")
    c.box(17, 18, 33, 24, "dark")
    c.ellipse(42, 41, 6, 5, "gold")
    for x, y in ((26, 10), (36, 6), (48, 5)):
        c.ellipse(x, y, 5, 3.6, "white", line=0.5)
    c.box(10, 66, 90, 72, "accent")
    for x, r in ((24, 9), (46, 9), (72, 12)):
        c.ellipse(x, 90 - r, r, r, "dark")
        c.ellipse(x, 90 - r, r * 0.56, r * 0.56, "light")
        c.dot(x, 90 - r, 1.4, "gold")
    c.line([(24, 82), (72, 80)], "gold", 1.8)


def ship(c: Canvas) -> None:
    c.line([(50, 10), (50, 66)], "dark", 2.4)
    c.blob([(30, 16), (50, 20), (70, 16), (76, 36), (70, 52), (50, 48), (30, 52), (34, 36)], "white")
    c.curve([(50, 20), (56, 34), (50, 48)], "main", 5)
    c.curve([(33, 34), (52, 37), (75, 35)], "main", 5)
    c.shape([(51, 5), (66, 8), (51, 12)], "accent")
    c.blob([(10, 56), (30, 63), (50, 65), (70, 63), (90, 54), (80, 80), (50, 88), (20, 80)], "gold")
    c.curve([(16, 66), (50, 74), (84, 65)], "dark", 1.1)
    c.curve([(20, 75), (50, 82), (80, 74)], "dark", 1.1)
    c.box(8, 46, 24, 60, "dark")
    c.curve([(8, 90), (22, 86), (36, 91), (50, 86), (64, 91), (78, 86), (92, 90)], "light", 2.4)


def heart(c: Canvas) -> None:
    c.curve([(47, 17), (50, 8), (53, 17)], "gold", 2)
    c.blob(
        [(50, 30), (62, 17), (80, 20), (86, 40), (74, 62), (50, 88), (26, 62), (14, 40), (20, 20), (38, 17)],
        "main",
    )
    c.curve([(25, 44), (26, 32), (34, 26)], "light", 3)
    for step in range(6):
        a = math.radians(step * 60)
        c.ellipse(50 + 10 * math.cos(a), 50 + 10 * math.sin(a), 6.4, 6.4, "white", line=0.6)
    c.ellipse(50, 50, 6, 6, "gold")


def clover(c: Canvas) -> None:
    c.curve([(47, 10), (50, 3), (53, 10)], "gold", 2)
    c.curve([(50, 50), (54, 70), (64, 90)], "dark", 3.4)
    for turn in (45, 135, 225, 315):
        a = math.radians(turn)
        x, y = 50 + 19 * math.cos(a), 44 + 19 * math.sin(a)
        for side in (-38, 38):
            b = a + math.radians(side)
            c.ellipse(x + 8 * math.cos(b), y + 8 * math.sin(b), 12, 12, "main")
        c.ellipse(x - 3 * math.cos(a), y - 3 * math.sin(a), 11, 11, "main", line=0)
        c.line([(50, 44), (x + 6 * math.cos(a), y + 6 * math.sin(a))], "light", 1.2)
    c.ellipse(50, 44, 3.4, 3.4, "gold")


def bird(c: Canvas) -> None:
    c.curve([(8, 84), (40, 80), (92, 86)], "dark", 3.6)
    c.shape([(70, 60), (94, 66), (92, 74), (68, 70)], "dark")
    c.blob([(28, 34), (44, 22), (60, 34), (74, 56), (70, 74), (50, 80), (32, 70), (24, 50)], "light")
    c.blob([(27, 40), (38, 44), (46, 60), (42, 74), (31, 68), (24, 52)], "main")
    c.blob([(54, 42), (70, 52), (78, 68), (60, 68), (50, 56)], "dark")
    c.curve([(58, 52), (64, 60), (72, 65)], "light", 1)
    c.ellipse(36, 32, 13, 12, "light")
    c.shape([(24, 31), (12, 35), (25, 38)], "gold")
    c.ellipse(33, 30, 2.6, 2.6, "white", line=0.5)
    c.dot(32.6, 30, 1.4)
    for x in (46, 54):
        c.line([(x, 77), (x, 83)], "gold", 1.6)


def stag(c: Canvas) -> None:
    c.stand(rx=34)
    for x, lean in ((42, -3), (49, 2), (68, 3), (75, -1)):
        c.shape([(x - 2.6, 62), (x + 2.6, 62), (x + lean + 1.8, 90), (x + lean - 1.8, 90)], "main")
    c.blob([(36, 54), (50, 48), (70, 48), (82, 52), (80, 66), (62, 70), (42, 70)], "main")
    c.blob([(40, 64), (34, 46), (28, 34), (36, 28), (44, 38), (54, 52)], "main")
    c.blob([(36, 28), (22, 32), (16, 38), (24, 42), (36, 38)], "main")
    c.dot(27, 34, 1.3)
    c.dot(17, 38, 1.5)
    for s, x in ((-1, 34), (1, 39)):
        c.curve([(x, 28), (x + s * 6, 18), (x + s * 4, 6)], "gold", 1.9)
        for y, reach in ((20, 9), (13, 10)):
            c.line([(x + s * 5, y + 1), (x + s * reach + s * 3, y - 6)], "gold", 1.6)
    c.ellipse(82, 53, 3.4, 4, "white")
    c.curve([(50, 56), (60, 54), (72, 56)], "light", 1.4)


def butterfly(c: Canvas) -> None:
    for s in (-1, 1):
        c.blob(
            [(50 + s * 2, 46), (50 + s * 14, 22), (50 + s * 34, 14), (50 + s * 43, 28), (50 + s * 34, 48)],
            "main",
        )
        c.blob(
            [(50 + s * 2, 52), (50 + s * 24, 52), (50 + s * 34, 66), (50 + s * 24, 82), (50 + s * 10, 72)],
            "light",
        )
        c.ellipse(50 + s * 28, 31, 6.4, 6.4, "gold")
        c.ellipse(50 + s * 28, 31, 2.6, 2.6, "dark")
        c.ellipse(50 + s * 21, 65, 4.4, 4.4, "accent")
        c.curve([(50 + s, 34), (50 + s * 6, 22), (50 + s * 11, 14)], width=1.1)
        c.dot(50 + s * 11, 14, 1.5)
    c.ellipse(50, 54, 3.8, 22, "dark")
    c.ellipse(50, 33, 4.6, 4.6, "dark")


def bug(c: Canvas) -> None:
    for s in (-1, 1):
        for y in (46, 60, 72):
            c.line([(50, y), (50 + s * 37, y + 4)], width=1.8)
        c.curve([(50 + s * 4, 22), (50 + s * 9, 12), (50 + s * 15, 9)], width=1.3)
    c.ellipse(50, 26, 13, 11, "dark")
    c.ellipse(50, 58, 31, 30, "main")
    c.line([(50, 29), (50, 87)], "dark", 2)
    for x, y in ((36, 46), (64, 46), (32, 64), (68, 64), (42, 76), (58, 76)):
        c.dot(x, y, 4.6, "dark")
    c.curve([(28, 46), (34, 38), (41, 34)], "light", 2.4)
    c.dot(45, 22, 1.8, "white")
    c.dot(55, 22, 1.8, "white")


def ingot(c: Canvas) -> None:
    for x, y in ((30, 74), (66, 74), (48, 50)):
        c.shape([(x - 20, y + 12), (x + 20, y + 12), (x + 15, y - 8), (x - 15, y - 8)], "main")
        c.shape([(x - 15, y - 8), (x + 15, y - 8), (x + 11, y - 14), (x - 11, y - 14)], "light")
        c.box(x - 8, y - 2, x + 8, y + 6, "accent")


def tin(c: Canvas) -> None:
    c.curve([(24, 32), (50, 8), (76, 32)], "line", 1.6)
    c.box(22, 30, 78, 86, "light", radius=3)
    c.ellipse(50, 31, 28, 7, "white")
    c.ellipse(50, 31, 21, 4.6, "main")
    c.box(22, 48, 78, 74, "main", radius=0.6)
    c.box(30, 54, 70, 60, "white")
    c.box(30, 64, 56, 67, "white", radius=0.6)
    c.curve([(64, 34), (65, 44), (66, 50)], "main", 4)


def box(c: Canvas) -> None:
    c.shape([(50, 40), (88, 26), (88, 70), (50, 90)], "gold")
    c.shape([(50, 40), (12, 26), (12, 70), (50, 90)], "light")
    c.shape([(50, 40), (88, 26), (50, 14), (12, 26)], "white")
    c.line([(31, 33), (31, 80)], "accent", 3)
    c.line([(69, 33), (69, 80)], "accent", 3)
    c.line([(31, 33), (69, 20)], "accent", 3)
    c.line([(69, 33), (31, 20)], "accent", 3)


def book(c: Canvas) -> None:
    c.box(24, 12, 80, 88, "dark", radius=2)
    c.box(28, 14, 80, 84, "white", radius=1)
    c.box(22, 12, 76, 84, "main", radius=2)
    c.box(22, 12, 29, 84, "dark", radius=1)
    c.box(36, 20, 70, 28, "gold")
    c.star(53, 52, 15, 6.4, 6, "light")
    c.box(40, 74, 66, 77, "gold", radius=0.6)


def mould(c: Canvas) -> None:
    c.ellipse(50, 56, 42, 36, "dark")
    c.ellipse(50, 50, 42, 36, "main")
    c.ellipse(50, 50, 34, 28, "light")
    for step in range(6):
        a = math.radians(step * 60 - 90)
        x, y = 50 + 21 * math.cos(a), 50 + 17 * math.sin(a)
        c.line([(50, 50), (x, y)], "dark", 1.8)
        c.star(x, y, 6.4, 3, 5, "dark", step * 60)
    c.ellipse(50, 50, 6.4, 5.4, "dark")
    for s in (-1, 1):
        c.ellipse(50 + s * 38, 50, 2.4, 2.4, "gold")


SHAPES: dict[str, Callable[[Canvas], None]] = {
    function.__name__: function
    for function in (
        angel, tree, bell, soldier, santa, bauble, candle, figure, house, sheep, star, moon, snowman, flake, hare, egg,
        rider, coach, engine, ship, heart, clover, bird, stag, butterfly, bug, ingot, tin, box, book, mould,
    )
}  # fmt: skip

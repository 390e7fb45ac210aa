/* A server whose idempotency is broken for a known time: a thread per connection, HTTP/1.1 with keep-alive.
 *
 *   POST /after/US        looks the key up once the body is read, sleeps US microseconds, then reserves it
 *   POST /before/US       the same as soon as the head is there, before the body is read
 *   POST /late/TOTAL/US   locks the key, works, unlocks it US microseconds before the end, and only then stores it
 *   POST /atomic/US       looks up and reserves in one step, works for US microseconds: never runs twice
 *   GET  /stats           {"keys", "doubled", "window"}: keys that at least two requests carried, those among them that
 *                         ran more than once, and the median of the real windows in microseconds; then forgets all
 *
 * 201 says that the work ran, 200 that it did not, 409 that the key is locked. Sleeping keeps the window off the CPU.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SLOTS (1 << 18)
#define WINDOWS (1 << 16)

typedef struct { char key[48]; int state, arrived, ran; } Slot;
enum { NEW, LOCKED, STORED };

static Slot *slots;
static double windows[WINDOWS];
static unsigned window_count;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void pause_us(double us) {
    struct timespec t = {(time_t)(us / 1e6), (long)((us - 1e6 * (long)(us / 1e6)) * 1e3)};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

static Slot *slot_of(const char *key) { /* the mutex is held */
    unsigned long hash = 5381;
    for (const char *c = key; *c; c++) hash = hash * 33 + (unsigned char)*c;
    for (unsigned place = hash % SLOTS;; place = (place + 1) % SLOTS) {
        if (!slots[place].key[0]) strncpy(slots[place].key, key, sizeof slots[place].key - 1);
        if (!strncmp(slots[place].key, key, sizeof slots[place].key - 1)) return &slots[place];
    }
}

static int look_up(const char *key) {
    pthread_mutex_lock(&mutex);
    Slot *slot = slot_of(key);
    slot->arrived++;
    int state = slot->state;
    pthread_mutex_unlock(&mutex);
    return state;
}

static void reserve(const char *key, double since) {
    pthread_mutex_lock(&mutex);
    Slot *slot = slot_of(key);
    slot->state = STORED;
    slot->ran++;
    if (since > 0) windows[window_count++ % WINDOWS] = now_us() - since;
    pthread_mutex_unlock(&mutex);
}

static int lock(const char *key, int to) {
    pthread_mutex_lock(&mutex);
    Slot *slot = slot_of(key);
    slot->arrived++;
    int state = slot->state;
    if (state == NEW) slot->state = to;
    pthread_mutex_unlock(&mutex);
    return state;
}

static void unlock(const char *key) {
    pthread_mutex_lock(&mutex);
    Slot *slot = slot_of(key);
    if (slot->state == LOCKED) slot->state = NEW;
    pthread_mutex_unlock(&mutex);
}

static int racing(const char *key, double us) {
    double since = now_us();
    if (look_up(key) != NEW) return 200;
    pause_us(us);
    reserve(key, since);
    return 201;
}

static int serve(const char *mode, const char *key, double first, double second) {
    int state;
    if (!strcmp(mode, "late")) {
        if ((state = lock(key, LOCKED)) != NEW) return state == LOCKED ? 409 : 200;
        pause_us(first - second);
        unlock(key);
        double since = now_us();
        pause_us(second);
        reserve(key, since);
        return 201;
    }
    if (!strcmp(mode, "atomic")) {
        if ((state = lock(key, LOCKED)) != NEW) return state == LOCKED ? 409 : 200;
        pause_us(first);
        reserve(key, 0);
        return 201;
    }
    return racing(key, first);
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int stats(char *out) {
    pthread_mutex_lock(&mutex);
    int keys = 0, doubled = 0;
    for (int place = 0; place < SLOTS; place++) {
        if (slots[place].arrived > 1) keys++;
        if (slots[place].ran > 1) doubled++;
    }
    unsigned count = window_count < WINDOWS ? window_count : WINDOWS;
    qsort(windows, count, sizeof *windows, by_size);
    int length = sprintf(out, "{\"keys\": %d, \"doubled\": %d, \"window\": %.1f}", keys, doubled,
                         count ? windows[count / 2] : 0.0);
    memset(slots, 0, SLOTS * sizeof *slots);
    window_count = 0;
    pthread_mutex_unlock(&mutex);
    return length;
}

static void *connection(void *argument) {
    int fd = (int)(long)argument, one = 1;
    char data[65536], key[48], mode[16], out[512], body[128];
    size_t have = 0;
    prctl(PR_SET_TIMERSLACK, 1);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (;;) {
        char *end;
        data[have] = 0;
        while (!(end = strstr(data, "\r\n\r\n"))) {
            ssize_t got = read(fd, data + have, sizeof data - 1 - have);
            if (got <= 0) { close(fd); return NULL; }
            have += got;
            data[have] = 0;
        }
        size_t head = end + 4 - data, length = 0;
        double first = 0, second = 0;
        key[0] = mode[0] = 0;
        for (char *line = data; line && line < end; line = strstr(line, "\r\n"), line = line ? line + 2 : NULL) {
            if (!strncasecmp(line, "idempotency-key:", 16)) sscanf(line + 16, " %47[^\r\n]", key);
            if (!strncasecmp(line, "content-length:", 15)) length = strtoul(line + 15, NULL, 10);
        }
        sscanf(data, "%*s /%15[a-z]/%lf/%lf", mode, &first, &second);
        int before = !strcmp(mode, "before"), status = before ? racing(key, first) : 0;
        while (have < head + length) {
            ssize_t got = read(fd, data + have, sizeof data - 1 - have);
            if (got <= 0) { close(fd); return NULL; }
            have += got;
        }
        int size = 2;
        strcpy(body, "{}");
        if (!before) {
            if (strstr(data, "/stats") && strstr(data, "/stats") < end) { size = stats(body); status = 200; }
            else status = serve(mode, key, first, second);
        }
        int total = sprintf(out, "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                            status, size, body);
        if (write(fd, out, total) != total) { close(fd); return NULL; }
        memmove(data, data + head + length, have - head - length);
        have -= head + length;
    }
}

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    pthread_attr_t attributes;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    slots = calloc(SLOTS, sizeof *slots);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 262144);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 512)) return 1;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        pthread_t thread;
        if (fd >= 0 && pthread_create(&thread, &attributes, connection, (void *)(long)fd)) close(fd);
    }
}

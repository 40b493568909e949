# C[M, N] = A[M, K] @ B[K, N], bytes to words, row by row; B lies column by column.
# s0 A's row, s1 rows left, s2 K, s3 C, s4 B, s5 bytes of B
start:
    la   t6, parameters
    lw   s1, 0(t6)
    lw   s2, 4(t6)
    lw   s5, 8(t6)
    la   s0, matrix_a
    la   s4, matrix_b
    la   s3, matrix_c
row:
    mv   a1, s4
    add  s6, s4, s5
column:
    mv   a0, s0
    add  a3, s0, s2
    li   t2, 0
step:
    lb   t0, 0(a0)
    lb   t1, 0(a1)
MULTIPLY
    add  t2, t2, t0
    addi a0, a0, 1
    addi a1, a1, 1
    bne  a0, a3, step
    sw   t2, 0(s3)
    addi s3, s3, 4
    bne  a1, s6, column
    add  s0, s0, s2
    addi s1, s1, -1
    bnez s1, row
    li   a7, 93
    li   a0, 0
    ecall

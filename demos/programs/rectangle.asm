// A black rectangle: 100 rows of 10 words (160 pixels), from row 50 and word 8 on.

    @17992      // SCREEN + 32 * 50 + 8
    D=A
    @place
    M=D
    @100
    D=A
    @rows
    M=D
(ROW)
    @10
    D=A
    @words
    M=D
(WORD)
    @place
    A=M
    M=-1
    @place
    M=M+1
    @words
    MD=M-1
    @WORD
    D;JGT
    @22         // to the same word of the next row
    D=A
    @place
    M=D+M
    @rows
    MD=M-1
    @ROW
    D;JGT
(END)
    @END
    0;JMP
